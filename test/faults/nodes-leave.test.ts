import { expect, test } from "vitest";

import { nodesLeaveFault } from "../../faults/nodes/nodes-leave.ts";
import { runShort } from "../support/fault.ts";

test("a node that is asked to end hands over at once, and nothing is sent twice", async () => {
  const { broken } = await runShort(nodesLeaveFault);
  expect(broken).toEqual([]);
}, 120_000);
