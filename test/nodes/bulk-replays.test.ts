import { expect, test } from "vitest";

import { eventually } from "../support/engine.ts";
import type { TestGateway } from "../support/gateway.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory, reachInto } from "../support/store.ts";
import { makeDestination, makeSource, startTwo } from "./_nodes.ts";

const count = 120;

const startReplay = async (node: TestGateway, sourceId: string): Promise<string> => {
  const { status, body } = await node.request("POST", `/webhooks/sources/${sourceId}/replays`, { rate_per_second: 40 });
  expect(status).toBe(202);
  return String(body.data.id);
};

test("a bulk replay goes on where it was when the node that worked on it leaves, and takes each event once", async () => {
  await using receiver = await startReceiver();
  const directory = freshDirectory();
  const [first, second] = await startTwo(directory);
  const source = await makeSource(first);
  await makeDestination(first, source, { url: receiver.url });
  for (let sent = 0; sent < count; sent += 1) await first.request("POST", source.path, { sent });
  await receiver.waitFor(count);
  const replayId = await startReplay(first, source.id);
  await receiver.waitFor(count + 20);
  const isFirst = first.gateway.membership!.standingOf(replayId) === "ours";
  const [owner, other] = isFirst ? [first, second] : [second, first];
  await owner.stop();
  await receiver.waitFor(2 * count);
  await eventually(async () => {
    const { body } = await other.request("GET", `/webhooks/sources/${source.id}/replays/${replayId}`);
    expect(body.data).toMatchObject({ status: "completed", queued: count, succeeded: count });
  });
  const replayed = receiver.requests.slice(count).map(({ body }) => body.toString());
  expect(new Set(replayed).size).toBe(count);
  expect(receiver.requests).toHaveLength(2 * count);
});

test("a bulk replay that is cancelled on one node stops wherever it runs", async () => {
  await using receiver = await startReceiver();
  const directory = freshDirectory();
  const [first, second] = await startTwo(directory);
  const source = await makeSource(first);
  await makeDestination(first, source, { url: receiver.url });
  for (let sent = 0; sent < count; sent += 1) await first.request("POST", source.path, { sent });
  await receiver.waitFor(count);
  const replayId = await startReplay(first, source.id);
  await receiver.waitFor(count + 5);
  const other = first.gateway.membership!.standingOf(replayId) === "ours" ? second : first;
  const path = `/webhooks/sources/${source.id}/replays/${replayId}`;
  expect((await other.request("DELETE", path)).body.data.status).toBe("cancelled");
  await eventually(async () => {
    const live = await reachInto(directory, "select id from deliveries where due_at_ms is not null");
    expect(live).toEqual([]);
  });
  expect(receiver.requests.length).toBeLessThan(2 * count);
});
