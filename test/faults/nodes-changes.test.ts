import { expect, test } from "vitest";

import { nodesChangesFault } from "../../faults/nodes/nodes-changes.ts";
import { runShort } from "../support/fault.ts";

test("what one node made, others take events for at once", async () => {
  const { broken } = await runShort(nodesChangesFault);
  expect(broken).toEqual([]);
}, 120_000);
