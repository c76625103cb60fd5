import { expect, test } from "vitest";

import { replayFault } from "../../faults/process/replay.ts";
import { runShort } from "../support/fault.ts";

test(
  "a replay that is cancelled is gone on with, and one whose process dies goes on: nothing is lost, nothing sent again but what was under way",
  { timeout: 120_000 },
  async () => {
    const { account, broken } = await runShort(replayFault);
    expect(broken).toEqual([]);
    expect(account.acknowledged).toBeGreaterThanOrEqual(2_000);
    expect(account.restarts).toBe(1);
  },
);
