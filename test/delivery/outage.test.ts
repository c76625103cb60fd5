import { expect, test } from "vitest";

import type { Id } from "../../src/lib/ids.ts";
import type { Source } from "../../src/routing/source.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { startReceiver } from "../support/receiver.ts";
import { select } from "../support/store.ts";

const accepted = (engine: Engine, source: Source, count: number): Promise<Id[]> =>
  Promise.all(Array.from({ length: count }, () => engine.accept(source)));

const commitsFailed = ({ log }: Engine): number =>
  log.entries().filter(({ message }) => message === "commit failed").length;

const standing = async ({ store }: Engine): Promise<unknown> =>
  select(store, "select status, attempts, count(*) as count from deliveries group by 1, 2 order by 1, 2");

test("invariant 10: outcomes outlive a store that cannot be written, and are recorded when it can", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, receiver.url, {
    maxConcurrency: 8,
    retryScheduleSeconds: [],
  });
  await accepted(engine, source, 20);
  await eventually(() => expect(gate.waiting).toBe(8));

  await engine.writer.breakDown();
  await gate.pass(2, 500);
  await eventually(() => expect(commitsFailed(engine)).toBeGreaterThan(0));
  expect(await engine.take(source)).toEqual({ kind: "overloaded" });
  // Nobody knows how long it lasts: nothing more is sent, although slots are free.
  await gate.pass(5, 200);
  for (let rounds = 0; rounds < 3; rounds += 1) {
    const failures = commitsFailed(engine);
    engine.clock.advance(10_000);
    await eventually(() => expect(commitsFailed(engine)).toBeGreaterThan(failures));
  }
  expect(receiver.requests.length).toBe(8);
  expect(await standing(engine)).toEqual([{ status: "pending", attempts: 0, count: 20 }]);

  await engine.writer.mend();
  gate.open();
  await eventually(async () => {
    engine.clock.advance(1000);
    expect(await standing(engine)).toEqual([
      { status: "failed", attempts: 1, count: 2 },
      { status: "success", attempts: 1, count: 18 },
    ]);
  });
  expect(receiver.requests.length).toBe(20);
  expect(engine.destination(destination.id)).toMatchObject({ enabled: true });
  expect((await engine.take(source)).kind).toBe("stored");
});

test("what falls due during an outage is sent after it", async () => {
  await using receiver = await startReceiver({ status: 500 });
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url);
  const eventId = await engine.accept(source);
  await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
  receiver.respondWith({ status: 200 });
  await engine.writer.breakDown();
  for (let rounds = 0; rounds < 3; rounds += 1) {
    const failures = commitsFailed(engine);
    engine.clock.advance(20_000);
    await eventually(() => expect(commitsFailed(engine)).toBeGreaterThan(failures));
  }
  expect(receiver.requests.length).toBe(1);
  await engine.writer.mend();
  await eventually(async () => {
    engine.clock.advance(1000);
    expect((await engine.story(eventId)).status).toBe("succeeded");
  });
  expect(receiver.requests.length).toBe(2);
});

test("destinations that fail during an outage are switched off after it, by the same count", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  const failing = await engine.addDestination(source, receiver.url, { maxConcurrency: 12, retryScheduleSeconds: [] });
  await accepted(engine, source, 12);
  await eventually(() => expect(gate.waiting).toBe(12));
  await engine.writer.breakDown();
  gate.open(500);
  await eventually(() => expect(commitsFailed(engine)).toBeGreaterThan(0));
  expect(engine.destination(failing.id)).toMatchObject({ enabled: true, failureCount: 0 });
  await engine.writer.mend();
  await eventually(async () => {
    engine.clock.advance(1000);
    expect(await standing(engine)).toEqual([
      { status: "cancelled", attempts: 1, count: 2 },
      { status: "failed", attempts: 1, count: 10 },
    ]);
    expect(engine.destination(failing.id)).toMatchObject({ enabled: false, failureCount: 10 });
  });
});

test("a writer that dies under load costs nobody who was acknowledged", async () => {
  await using receiver = await startReceiver();
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url);
  const events: Id[] = [];
  const refused = new Set<string>();
  const over = new AbortController();
  const sendOn = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const receipt = await engine.take(source);
      if (receipt.kind === "stored") events.push(receipt.eventId);
      else refused.add(receipt.kind);
    }
  };
  const senders = Array.from({ length: 16 }, sendOn);
  await eventually(() => expect(events.length).toBeGreaterThan(100));
  await engine.writer.kill();
  const before = events.length;
  await eventually(() => expect(events.length).toBeGreaterThan(before + 100));
  over.abort();
  await Promise.all(senders);
  expect([...refused].filter((kind) => kind !== "overloaded")).toEqual([]);
  // Also what was written by a commit whose answer died with the thread: it was acknowledged to nobody, and is sent.
  await eventually(async () => {
    engine.clock.advance(1000);
    expect(await select(engine.store, "select distinct status from events")).toEqual([{ status: "succeeded" }]);
  });
  for (const eventId of events) expect((await engine.story(eventId)).status).toBe("succeeded");
});
