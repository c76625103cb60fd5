import { expect, test } from "vitest";

import { shutdownFault } from "../../faults/process/shutdown.ts";
import { runShort } from "../support/fault.ts";

test(
  "SIGTERM at full load ends what is under way, sends nothing twice, and leaves nothing claimed",
  { timeout: 60_000 },
  async () => {
    const { account, broken } = await runShort(shutdownFault);
    expect(broken).toEqual([]);
    expect(account.duplicates).toBe(0);
  },
);
