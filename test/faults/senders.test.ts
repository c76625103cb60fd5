import { expect, test } from "vitest";

import { sendersFault } from "../../faults/network/senders.ts";
import { runShort } from "../support/fault.ts";

test(
  "invariant 9: a thousand connections that hang, drip, flood and never read delay no good sender, and cost little",
  { timeout: 120_000 },
  async () => {
    const { account, broken } = await runShort(sendersFault);
    expect(broken).toEqual([]);
    expect(account.acknowledged).toBeGreaterThan(100);
  },
);
