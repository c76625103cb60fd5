import { expect, test } from "vitest";

import { nodeLeavesFault } from "../../faults/nodes/node-leaves.ts";
import { runShort } from "../support/fault.ts";

test("a node that is asked to end hands over at once, and nothing is sent twice", async () => {
  const { broken } = await runShort(nodeLeavesFault);
  expect(broken).toEqual([]);
}, 60_000);
