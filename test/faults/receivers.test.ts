import { expect, test } from "vitest";

import { receiversFault } from "../../faults/network/receivers.ts";
import { runShort } from "../support/fault.ts";

test(
  "receivers that misbehave in fifty ways delay no other, cost little, and are sent everything once they are mended",
  { timeout: 120_000 },
  async () => {
    const { account, broken } = await runShort(receiversFault);
    expect(broken).toEqual([]);
    expect(account.acknowledged).toBeGreaterThan(10);
  },
);
