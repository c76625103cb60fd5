import { expect, test } from "vitest";

import { poisonFault } from "../../faults/process/poison.ts";
import { runShort } from "../support/fault.ts";

test(
  "invariant 11: an event that kills the process is given up after three deaths, and costs nobody else",
  { timeout: 60_000 },
  async () => {
    const { account, broken } = await runShort(poisonFault);
    expect(broken).toEqual([]);
    expect(account.restarts).toBe(3);
  },
);
