import { expect, test } from "vitest";

import { nodeKilledFault } from "../../faults/nodes/node-killed.ts";
import { runShort } from "../support/fault.ts";

test("what a node that dies had to send is sent by another one within 20 seconds", async () => {
  const { broken } = await runShort(nodeKilledFault);
  expect(broken).toEqual([]);
}, 60_000);
