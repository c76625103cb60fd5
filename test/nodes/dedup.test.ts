import { expect, test } from "vitest";

import { eventually } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";
import { connect, countOf, flood, isDuplicate, makeSource, send, storedOf } from "../support/ruled-source.ts";
import { freshDirectory, reachInto } from "../support/store.ts";
import { startTwo } from "./_nodes.ts";

const byDelivery = { dedup_strategy: "header_field", dedup_field: "X-Delivery" };

test("of 200 posts of one id at two nodes at once, exactly one is routed, again and again", async () => {
  await using receiver = await startReceiver();
  const [a, b] = await startTwo(freshDirectory());
  const source = await makeSource(a, byDelivery);
  await connect(a, source, receiver.url);
  const rounds = 3;
  for (let round = 1; round <= rounds; round += 1) {
    const told = await flood([a.url, b.url], source, { "x-delivery": `d${round}` });
    expect(told.filter(({ status }) => status !== 200)).toEqual([]);
    expect(told.filter(isDuplicate)).toHaveLength(199);
  }
  const stored = await storedOf(a, source);
  const unique = stored.filter(({ dedup }) => dedup === "unique");
  expect([stored.length, unique.length]).toEqual([200 * rounds, rounds]);
  expect(stored.reduce((sum, { deliveries }) => sum + deliveries, 0)).toBe(rounds);
  await eventually(() => expect(receiver.requests).toHaveLength(rounds));
});

test("what two nodes count at once is counted once each, in rows of their own", async () => {
  const directory = freshDirectory();
  const [a, b] = await startTwo(directory);
  const source = await makeSource(a);
  const other = await makeSource(b);
  await Promise.all([
    flood([a.url, b.url], source, {}),
    flood([b.url, a.url], source, {}),
    flood([a.url, b.url], other, {}),
  ]);
  expect([await countOf(a, source), await countOf(b, source), await countOf(a, other)]).toEqual([400, 400, 200]);
  const slots = await reachInto<{ slots: number }>(directory, "select count(*)::integer as slots from source_counts");
  expect(slots[0]!.slots).toBeGreaterThan(2);
});

test("keys that two nodes claim at once, in whatever order, lock nobody out", async () => {
  const [a, b] = await startTwo(freshDirectory());
  const source = await makeSource(a, byDelivery);
  const ids = Array.from({ length: 100 }, (_, at) => `d${at}`);
  const told = await Promise.all([
    ...ids.map((id) => send(a, source, { headers: { "x-delivery": id } })),
    ...ids.toReversed().map((id) => send(b, source, { headers: { "x-delivery": id } })),
  ]);
  expect(told.filter(({ status }) => status !== 200)).toEqual([]);
  expect(told.filter(isDuplicate)).toHaveLength(100);
  const unique = (await storedOf(a, source)).filter(({ dedup }) => dedup === "unique");
  expect(unique).toHaveLength(100);
});
