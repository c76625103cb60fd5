import { expect, test } from "vitest";

import { namesFault } from "../../faults/network/names.ts";
import { runShort } from "../support/fault.ts";

test(
  "invariant 8: name servers that fail in ten ways, and then are gone, delay nobody else; once back, all is delivered",
  { timeout: 120_000 },
  async () => {
    const { account, broken } = await runShort(namesFault);
    expect(broken).toEqual([]);
    expect(account.acknowledged).toBeGreaterThan(10);
  },
);
