import { expect, test } from "vitest";

import { rebindingFault } from "../../faults/network/rebinding.ts";
import { runShort } from "../support/fault.ts";

test(
  "invariant 5: names that lead elsewhere once they have been checked are refused, and nothing arrives there",
  { timeout: 120_000 },
  async () => {
    const { account, broken } = await runShort(rebindingFault);
    expect(broken).toEqual([]);
    expect(account.acknowledged).toBeGreaterThan(10);
  },
);
