import { expect, test } from "vitest";

import { nodesReplayFault } from "../../faults/nodes/nodes-replay.ts";
import { runShort } from "../support/fault.ts";

test("a replay that two nodes work on is cancelled and gone on with: nothing is lost or sent again", async () => {
  const { account, broken } = await runShort(nodesReplayFault);
  expect(broken).toEqual([]);
  expect(account.acknowledged).toBeGreaterThanOrEqual(2_000);
}, 120_000);
