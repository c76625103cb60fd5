import { expect, test } from "vitest";

import { frozenFault } from "../../faults/process/frozen.ts";
import { runShort } from "../support/fault.ts";

test("a process that did not run for a while goes on at once, and loses nothing", async () => {
  const { account, broken } = await runShort(frozenFault);
  expect(broken).toEqual([]);
  expect(account.restarts).toBe(0);
});
