import { expect, test } from "vitest";

import { killsFault } from "../../faults/process/kills.ts";
import { runShort } from "../support/fault.ts";

test(
  "invariants 1 and 3: kill -9 under load loses nothing acknowledged, and leaves nothing undelivered",
  { timeout: 120_000 },
  async () => {
    const { account, broken } = await runShort(killsFault);
    expect(broken).toEqual([]);
    expect(account.acknowledged).toBeGreaterThanOrEqual(450);
    expect(account.restarts).toBe(3);
  },
);
