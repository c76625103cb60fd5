import { expect, test } from "vitest";

import { neighboursFault } from "../../faults/network/neighbours.ts";
import { runShort } from "../support/fault.ts";

test(
  "invariant 8: nobody waits for any of thirty dead destinations that have a backlog",
  { timeout: 120_000 },
  async () => {
    const { account, broken } = await runShort(neighboursFault);
    expect(broken).toEqual([]);
    expect(account.acknowledged).toBeGreaterThan(100);
  },
);
