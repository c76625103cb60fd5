import { expect, test } from "vitest";

import { nodesKillFault } from "../../faults/nodes/nodes-kill.ts";
import { runShort } from "../support/fault.ts";

test("what a node that dies had to send is sent by others within 20 seconds", { timeout: 120_000 }, async () => {
  expect((await runShort(nodesKillFault)).broken).toEqual([]);
});
