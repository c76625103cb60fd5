import { expect, test } from "vitest";

import { nodesFrozenFault } from "../../faults/nodes/nodes-frozen.ts";
import { runShort } from "../support/fault.ts";

test("a node that did not run for so long that others took over sends nothing beside them", async () => {
  const { broken } = await runShort(nodesFrozenFault);
  expect(broken).toEqual([]);
}, 120_000);
