import { expect, test } from "vitest";

import { eventually } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory } from "../support/store.ts";
import { bucketsOf, makeDestination, makeSource, sharesOf, startNode } from "./_nodes.ts";

test("two nodes have half of the work each, and a third one gets its share", async () => {
  const directory = freshDirectory();
  const first = await startNode(directory);
  await eventually(() => expect(bucketsOf(first)).toHaveLength(64));
  const second = await startNode(directory);
  await eventually(() => expect(sharesOf(first, second)).toEqual([32, 32]));
  const third = await startNode(directory);
  const nodes = [first, second, third];
  await eventually(() => expect(sharesOf(...nodes)).toEqual([20, 22, 22]));
  expect(new Set(nodes.flatMap(bucketsOf)).size).toBe(64);
});

test("each delivery is sent by one node, wherever its event came in", async () => {
  await using receiver = await startReceiver();
  const directory = freshDirectory();
  const first = await startNode(directory);
  const source = await makeSource(first);
  for (let made = 0; made < 8; made += 1) await makeDestination(first, source, { url: `${receiver.url}/${made}` });
  const second = await startNode(directory);
  await eventually(() => expect(bucketsOf(second)).toHaveLength(32));
  for (let sent = 0; sent < 20; sent += 1) {
    for (const node of [first, second]) expect((await node.request("POST", source.path, { sent })).status).toBe(200);
  }
  await receiver.waitFor(8 * 40);
  await Promise.all([first.stop(), second.stop()]);
  const ids = receiver.requests.map(({ headers }) => headers["x-krafter-delivery-id"]);
  expect(ids).toHaveLength(8 * 40);
  expect(new Set(receiver.requests.map(({ path, headers }) => [path, headers["webhook-id"]].join(" "))).size).toBe(
    8 * 40,
  );
});
