import { setImmediate as nextTurn } from "node:timers/promises";

import { expect, test } from "vitest";

import type { Id } from "../../src/lib/ids.ts";
import { rescueClaims } from "../../src/queue/claim.ts";
import { claimedDueMs } from "../../src/queue/delivery.ts";
import type { Source } from "../../src/routing/source.ts";
import { startChild } from "../support/child.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { databaseOf, isPostgres } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";
import { execute, openStore, select, reachInto } from "../support/store.ts";

const accepted = (engine: Engine, source: Source, count: number): Promise<Id[]> =>
  Promise.all(Array.from({ length: count }, () => engine.accept(source)));

/** Moves time on until something is done. */
const whileTimePasses = async ({ clock }: Engine, done: Promise<void>): Promise<void> => {
  const over = new AbortController();
  const ended = done.finally(() => over.abort());
  while (!over.signal.aborted) {
    clock.advance(1000);
    await nextTurn();
  }
  await ended;
};

const claimedBy = (claims: number): string =>
  `update deliveries set due_at_ms = 9007199254740991, claims = ${claims}, generation = generation + 1 where status = 'pending'`;

test("stopping gives every claim back as if it had never been made", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, { maxConcurrency: 2 });
  await accepted(engine, source, 30);
  await eventually(() => expect(gate.waiting).toBe(2));
  await engine.stop();
  const rows = await reachInto(
    engine.directory,
    "select status, claims, attempts, due_at_ms = created_at_ms as in_place, count(*) as count from deliveries group by 1, 2, 3, 4 order by 4",
  );
  // Two were cut off: they are due again at the moment of the stop.
  expect(rows).toEqual([
    { status: "pending", claims: 0, attempts: 0, in_place: 0, count: 2 },
    { status: "pending", claims: 0, attempts: 0, in_place: 1, count: 28 },
  ]);
  expect(await reachInto(engine.directory, "select count(*) as attempts from attempts")).toEqual([{ attempts: 0 }]);
});

test("stopping gives back also what is being claimed at that moment", async () => {
  await using receiver = await startReceiver({ status: 500 });
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url);
  const eventId = await engine.accept(source);
  await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
  const held = Promise.withResolvers<void>();
  const transaction = engine.store.write(() => held.promise);
  // The retry falls due, and its claim waits for the writer.
  engine.clock.advance(20_000);
  const stopped = engine.stop();
  held.resolve();
  await Promise.all([transaction, stopped]);
  expect(await reachInto(engine.directory, "select status, claims, attempts from deliveries")).toEqual([
    { status: "pending", claims: 0, attempts: 1 },
  ]);
  expect(receiver.requests.length).toBe(1);
});

test("stopping lets what is under way end within its time, and records it", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, { maxConcurrency: 1 });
  await accepted(engine, source, 3);
  await eventually(() => expect(gate.waiting).toBe(1));
  const stopped = engine.stop(60_000);
  gate.open();
  await stopped;
  expect(
    await reachInto(engine.directory, "select status, count(*) as count from deliveries group by 1 order by 1"),
  ).toEqual([
    { status: "pending", count: 2 },
    { status: "success", count: 1 },
  ]);
  expect(receiver.requests.length).toBe(1);
});

test("stopping takes no longer than it may, also when a receiver never answers", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url);
  await engine.accept(source);
  await eventually(() => expect(gate.waiting).toBe(1));
  await whileTimePasses(engine, engine.stop(10_000));
  expect(await reachInto(engine.directory, "select status, claims, attempts from deliveries")).toEqual([
    { status: "pending", claims: 0, attempts: 0 },
  ]);
});

test.for([true, false])("stopping ends although the store cannot be written (ordered: %s)", async (ordered) => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url, { ordered });
  await accepted(engine, source, 3);
  await eventually(() => expect(gate.waiting).toBeGreaterThan(0));
  await engine.writer.breakDown();
  gate.open();
  await eventually(() =>
    expect(engine.log.entries()).toContainEqual(expect.objectContaining({ message: "commit failed" })),
  );
  await whileTimePasses(engine, engine.stop(5000));
  await engine.writer.mend();
  // Nothing was recorded, so the next process sends again: at least once.
  const next = await startEngine(engine);
  await eventually(async () =>
    expect(await select(next.store, "select status, count(*) as count from deliveries group by 1 order by 1")).toEqual([
      { status: "success", count: 3 },
    ]),
  );
});

test("invariant 3: what a dead process had claimed is delivered by the next one", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const first = await startEngine();
  const source = await first.addSource();
  await first.addDestination(source, receiver.url, { maxConcurrency: 1 });
  const events = await accepted(first, source, 20);
  await first.stop();
  await reachInto(first.directory, claimedBy(1));

  gate.open();
  const second = await startEngine(first);
  for (const eventId of events) await second.until(eventId, "succeeded");
  expect(
    await reachInto(second.directory, "select claims, attempts, count(*) as count from deliveries group by 1, 2"),
  ).toEqual([{ claims: 0, attempts: 1, count: 20 }]);
});

test("invariant 11: what was under way at three crashes is a failed attempt, counted like any other", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const first = await startEngine();
  const source = await first.addSource();
  await first.addDestination(source, receiver.url, { maxConcurrency: 1, retryScheduleSeconds: [60] });
  const eventId = await first.accept(source);
  await eventually(() => expect(gate.waiting).toBe(1));
  await first.stop();
  await reachInto(first.directory, claimedBy(4));

  gate.open();
  const second = await startEngine(first);
  await eventually(async () => expect((await second.story(eventId)).attempts).toHaveLength(1));
  const { deliveries, attempts } = await second.story(eventId);
  expect(attempts).toMatchObject([{ number: 1, code: "crashed", responseStatus: null }]);
  expect(deliveries).toMatchObject([{ status: "pending", attempts: 1, claims: 0 }]);
  expect(receiver.requests.length).toBe(1);
  second.clock.advance(70_000);
  const later = await second.until(eventId, "succeeded");
  expect(later.attempts.map(({ code }) => code)).toEqual(["crashed", null]);
});

test("what was under way at two crashes had bad luck: it is sent", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const first = await startEngine();
  const source = await first.addSource();
  await first.addDestination(source, receiver.url);
  const eventId = await first.accept(source);
  await first.stop();
  await reachInto(first.directory, claimedBy(3));
  gate.open();
  const second = await startEngine(first);
  expect((await second.until(eventId, "succeeded")).attempts).toMatchObject([{ number: 1, code: null }]);
});

test("what was under way at two crashes is tried one at a time, so that the third tells which one it was", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const first = await startEngine();
  const source = await first.addSource();
  await first.addDestination(source, receiver.url, { maxConcurrency: 8 });
  const events = await accepted(first, source, 5);
  await first.stop();
  await reachInto(first.directory, claimedBy(3));
  const second = await startEngine(first);
  for (const [index] of events.entries()) {
    await eventually(() => expect(gate.waiting).toBe(1));
    // On record before it was sent: were this the end, it would be the one that is given up.
    expect(await reachInto(second.directory, "select count(*) as tried from deliveries where claims = 4")).toEqual([
      { tried: 1 },
    ]);
    await gate.pass(1);
    await eventually(async () =>
      expect(
        await reachInto(second.directory, "select count(*) as done from deliveries where status = 'success'"),
      ).toEqual([{ done: index + 1 }]),
    );
  }
  expect(gate.mostWaiting).toBe(1);
});

test(
  "invariant 1: kill -9 at any moment loses no acknowledged event, and each reaches its receiver",
  { timeout: 120_000 },
  async () => {
    const seen = new Set<string>();
    await using receiver = await startReceiver((request, response) => {
      seen.add(request.body.toString());
      response.end();
    });
    const before = await startEngine();
    const source = await before.addSource();
    await before.addDestination(source, receiver.url);
    await before.stop();

    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round += 1) {
      const child = startChild(
        "delivery/_deliver-until-killed.ts",
        before.directory,
        isPostgres ? databaseOf(before.directory) : "",
        source.id,
        `round ${round}`,
      );
      await child.waitForLines(1 + Math.floor(Math.random() * 300));
      await child.kill();
      acknowledged.push(...child.lines);
    }
    const after = await startEngine(before);
    await eventually(async () => {
      // Some were claimed by each of the dead processes: their next try has its time, like any other.
      after.clock.advance(5000);
      expect(await select(after.store, "select distinct status from events")).toEqual([{ status: "succeeded" }]);
    });
    expect(acknowledged.filter((body) => !seen.has(body))).toEqual([]);
    const [stored] = await select<{ events: number; deliveries: number }>(
      after.store,
      "select (select count(*) from events) as events, (select count(*) from deliveries) as deliveries",
    );
    expect(stored!.events).toBeGreaterThanOrEqual(acknowledged.length);
    expect(stored!.deliveries).toBe(stored!.events);
  },
);

test("crashes cost nothing to deliveries that only waited, nor to their destination", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  const limits = { maxConcurrency: 1, retryScheduleSeconds: [], timeoutMs: 60_000 };
  const destination = await engine.addDestination(source, receiver.url, limits);
  await Promise.all(Array.from({ length: 40 }, () => engine.accept(source)));
  await eventually(() => expect(gate.waiting).toBe(1));
  await engine.stop();
  // Three processes in a row die while all forty stand in the lane.
  for (let crash = 0; crash < 3; crash += 1) {
    const store = await openStore({ directory: engine.directory });
    await store.write((tx) => execute(tx, `update deliveries set due_at_ms = ${claimedDueMs}, claims = claims + 1`));
    await rescueClaims(store, [{ destinationId: destination.id, slots: 1 }]);
    await store.close();
  }
  gate.open();
  const next = await startEngine(engine);
  await eventually(async () =>
    expect(
      await select(next.store, "select status, count(*) as count from deliveries group by status order by status"),
    ).toEqual([
      // The one that was under way each time, and may be what kills the process.
      { status: "failed", count: 1 },
      { status: "success", count: 39 },
    ]),
  );
  expect(next.destination(destination.id)).toMatchObject({ enabled: true, failureCount: 0 });
});
