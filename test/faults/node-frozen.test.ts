import { expect, test } from "vitest";

import { nodeFrozenFault } from "../../faults/nodes/node-frozen.ts";
import { runShort } from "../support/fault.ts";

test("a node that did not run for so long that others took over sends nothing beside them", async () => {
  const { broken } = await runShort(nodeFrozenFault);
  expect(broken).toEqual([]);
}, 60_000);
