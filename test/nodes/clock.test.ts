import { expect, test } from "vitest";

import { systemClock } from "../../src/lib/clock.ts";
import { eventually } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory } from "../support/store.ts";
import { makeDestination, makeSource, sharesOf, startNode } from "./_nodes.ts";

const minutes = 60_000;

test("a node whose clock is minutes off gives events, due times and signatures the time of the database", async () => {
  await using receiver = await startReceiver();
  const directory = freshDirectory();
  const right = await startNode(directory);
  const early = await startNode(directory, { clockAheadMs: 5 * minutes });
  const late = await startNode(directory, { clockAheadMs: -5 * minutes });
  const nodes = [right, early, late];
  await eventually(() => expect(sharesOf(...nodes)).toEqual([20, 22, 22]));
  const source = await makeSource(right);
  const count = 12;
  for (let made = 0; made < count; made += 1) {
    await makeDestination(right, source, { url: `${receiver.url}/${made}` });
  }
  // Whatever a node stores, another one sends at once, though its own clock says something else.
  for (const node of nodes) expect((await node.request("POST", source.path, {})).status).toBe(200);
  await receiver.waitFor(nodes.length * count);
  for (const { headers } of receiver.requests) {
    const atMs = Number(headers["webhook-timestamp"]) * 1000;
    expect(Math.abs(atMs - systemClock.nowMs())).toBeLessThan(minutes);
  }
  const { body } = await right.request("GET", `/webhooks/sources/${source.id}/events`);
  for (const { created_at } of body.data) {
    expect(Math.abs(Date.parse(created_at) - systemClock.nowMs())).toBeLessThan(minutes);
  }
});

test("a node whose clock is set while it runs goes on by the database's, and by that what is due", async () => {
  const node = await startNode(freshDirectory(), { clockAheadMs: 0 });
  node.clock.jump(60 * minutes);
  for (const { nowMs } of [node.core.clock, node.core.dueTime]) {
    expect(Math.abs(nowMs() - systemClock.nowMs())).toBeLessThan(1_000);
  }
});
