import { expect, test } from "vitest";

import { shutdownFault } from "../../faults/process/shutdown.ts";
import { runShort } from "../support/fault.ts";

test(
  "SIGTERM at full load ends what can be ended, sends nothing else twice, and leaves nothing claimed",
  { timeout: 120_000 },
  async () => {
    const { account, broken } = await runShort(shutdownFault);
    expect(broken).toEqual([]);
    expect(account.restarts).toBe(2);
  },
);
