import { describe, expect, test } from "vitest";

import type { Id } from "../../src/lib/ids.ts";
import { deleteDestination } from "../../src/routing/delete-destination.ts";
import type { Destination } from "../../src/routing/destination.ts";
import type { Source } from "../../src/routing/source.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { startReceiver } from "../support/receiver.ts";
import { idLiteral, reachInto, select } from "../support/store.ts";

const accepted = (engine: Engine, source: Source, count: number): Promise<Id[]> =>
  Promise.all(Array.from({ length: count }, () => engine.accept(source)));

/** How many deliveries of a destination stand where, and why. */
const tally = async ({ store }: Engine, { id }: Destination): Promise<Record<string, number>> => {
  const rows = await select<{ what: string; count: number }>(
    store,
    `select status || coalesce(' ' || reason, '') as what, count(*) as count from deliveries where destination_id = ${idLiteral(id)} group by 1`,
  );
  // A commit is seen on disk a moment before it is in memory.
  await store.settled();
  return Object.fromEntries(rows.map(({ what, count }) => [what, count]));
};

const storedState = async ({ store }: Engine, { id }: Destination): Promise<unknown> => {
  const [row] = await select(
    store,
    `select enabled, disabled_reason, enabling, failure_count from destinations where id = ${idLiteral(id)}`,
  );
  return { ...(row as object) };
};

describe("ten deliveries in a row that ran out of attempts", () => {
  test("switch a destination off, and cancel what it has left", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    const failing = await engine.addDestination(source, receiver.url, { retryScheduleSeconds: [], maxConcurrency: 1 });
    const events = await accepted(engine, source, 25);
    await gate.pass(9, 500);
    await eventually(() => expect(engine.destination(failing.id)).toMatchObject({ enabled: true, failureCount: 9 }));
    await gate.pass(1, 500);
    gate.open(200);
    await eventually(async () =>
      expect(await tally(engine, failing)).toEqual({ "failed exhausted": 10, "cancelled destination_disabled": 15 }),
    );
    expect(engine.destination(failing.id)).toMatchObject({
      enabled: false,
      disabledReason: "failures",
      enabling: 1,
      failureCount: 10,
    });
    expect(await storedState(engine, failing)).toEqual({
      enabled: 0,
      disabled_reason: "failures",
      enabling: 1,
      failure_count: 10,
    });
    for (const eventId of events) expect((await engine.story(eventId)).status).toBe("failed");
    expect(receiver.requests.length).toBe(10);

    // What comes now is not for it.
    const later = await engine.accept(source);
    expect(await engine.story(later)).toMatchObject({ status: "received", deliveries: [] });
  });

  test("do so when they come to light in one commit as well", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    const failing = await engine.addDestination(source, receiver.url, { retryScheduleSeconds: [], maxConcurrency: 16 });
    await accepted(engine, source, 16);
    await eventually(() => expect(gate.waiting).toBe(16));
    gate.open(500);
    await eventually(async () =>
      expect(await tally(engine, failing)).toEqual({ "failed exhausted": 10, "cancelled destination_disabled": 6 }),
    );
    // The six had been sent: what came of them is recorded, and not counted.
    const [counted] = await select<{ attempts: number }>(engine.store, "select count(*) as attempts from attempts");
    expect(counted).toEqual({ attempts: 16 });
    expect(engine.destination(failing.id)).toMatchObject({ enabled: false, failureCount: 10 });
  });

  test("are counted anew after a success", async () => {
    await using receiver = await startReceiver({ status: 500 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const shaky = await engine.addDestination(source, receiver.url, { retryScheduleSeconds: [] });
    const fail = async (): Promise<void> => {
      for (let made = 0; made < 9; made += 1) await engine.until(await engine.accept(source), "failed");
    };
    await fail();
    receiver.respondWith({ status: 200 }, { status: 500 });
    await engine.until(await engine.accept(source), "succeeded");
    await fail();
    expect(engine.destination(shaky.id)).toMatchObject({ enabled: true, failureCount: 9 });
  });

  test("count across a restart", async () => {
    await using receiver = await startReceiver({ status: 500 });
    const first = await startEngine();
    const source = await first.addSource();
    const failing = await first.addDestination(source, receiver.url, { retryScheduleSeconds: [] });
    for (let made = 0; made < 9; made += 1) await first.until(await first.accept(source), "failed");
    await first.stop();
    const second = await startEngine(first);
    await second.until(await second.accept(source), "failed");
    expect(second.destination(failing.id)).toMatchObject({ enabled: false, disabledReason: "failures" });
  });
});

test("410 switches a destination off at once", async () => {
  await using receiver = await startReceiver({ status: 410 });
  const engine = await startEngine();
  const source = await engine.addSource();
  const gone = await engine.addDestination(source, receiver.url);
  const { deliveries } = await engine.until(await engine.accept(source), "failed");
  expect(deliveries).toMatchObject([{ status: "failed", reason: "gone", attempts: 1 }]);
  expect(engine.destination(gone.id)).toMatchObject({ enabled: false, disabledReason: "gone" });
});

describe("switching a destination off by hand", () => {
  test("cancels what waits, and starts nothing more; an attempt under way is recorded", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, { maxConcurrency: 2 });
    const [first, second] = (await accepted(engine, source, 12)) as [Id, Id];
    await eventually(() => expect(gate.waiting).toBe(2));
    await engine.change(source, destination, { enabled: false });
    await eventually(async () =>
      expect(await tally(engine, destination)).toEqual({ "cancelled destination_disabled": 10, pending: 2 }),
    );

    await gate.pass(1, 200);
    await gate.pass(1, 500);
    await engine.until(first, "succeeded");
    const { deliveries, attempts } = await engine.until(second, "failed");
    expect(deliveries).toMatchObject([{ status: "cancelled", reason: "destination_disabled", attempts: 1 }]);
    expect(attempts).toMatchObject([{ number: 1, responseStatus: 500 }]);
    expect(engine.destination(destination.id)).toMatchObject({
      enabled: false,
      failureCount: 0,
      disabledReason: "manual",
    });
    await engine.roundTrip();
    expect(receiver.requests.length).toBe(2);
  });

  test("cancels a retry that waits for its time", async () => {
    await using receiver = await startReceiver({ status: 500 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url);
    const eventId = await engine.accept(source);
    await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
    await engine.change(source, destination, { enabled: false });
    expect((await engine.until(eventId, "failed")).deliveries).toMatchObject([
      { reason: "destination_disabled", attempts: 1 },
    ]);
    engine.clock.advance(60_000);
    await engine.roundTrip();
    expect(receiver.requests.length).toBe(1);
  });

  test("and on again lets what comes now through, and counts nothing of what was before", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, {
      maxConcurrency: 1,
      retryScheduleSeconds: [],
    });
    const [underWay, waiting] = (await accepted(engine, source, 2)) as [Id, Id];
    await eventually(() => expect(gate.waiting).toBe(1));
    await engine.change(source, destination, { enabled: false });
    await engine.change(source, destination, { enabled: true });
    const later = await engine.accept(source);
    gate.open(500);
    expect((await engine.until(underWay, "failed")).deliveries).toMatchObject([{ status: "cancelled", attempts: 1 }]);
    expect((await engine.until(waiting, "failed")).deliveries).toMatchObject([{ status: "cancelled", attempts: 0 }]);
    expect((await engine.until(later, "failed")).deliveries).toMatchObject([{ status: "failed", reason: "exhausted" }]);
    expect(engine.destination(destination.id)).toMatchObject({ enabled: true, enabling: 1, failureCount: 1 });
  });

  test("cancels thousands, in memory and in the store, in batches", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, { maxConcurrency: 1 });
    const count = 2600;
    await accepted(engine, source, count);
    await eventually(() => expect(gate.waiting).toBe(1));
    await engine.change(source, destination, { enabled: false });
    gate.open(200);
    await eventually(async () =>
      expect(await tally(engine, destination)).toEqual({ "cancelled destination_disabled": count - 1, success: 1 }),
    );
    const statuses = await select<{ status: string; count: number }>(
      engine.store,
      "select status, count(*) as count from events group by status order by status",
    );
    expect(statuses).toEqual([
      { status: "failed", count: count - 1 },
      { status: "succeeded", count: 1 },
    ]);
    expect(engine.delivery.lanes.heldBytes).toBe(0);
  });

  test("is finished by the next start when it was cut off", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const first = await startEngine();
    const source = await first.addSource();
    const destination = await first.addDestination(source, receiver.url, { maxConcurrency: 1 });
    await accepted(first, source, 5);
    await eventually(() => expect(gate.waiting).toBe(1));
    await first.stop();

    // It was switched off, and the process died before it could cancel anything.
    expect(await reachInto(first.directory, "select status from deliveries")).toEqual(
      Array.from({ length: 5 }, () => ({ status: "pending" })),
    );
    await reachInto(first.directory, "update destinations set enabled = 0, enabling = 1, disabled_reason = 'manual'");
    gate.open(200);
    const second = await startEngine(first);
    await eventually(async () =>
      expect(await tally(second, destination)).toEqual({ "cancelled destination_disabled": 5 }),
    );
    expect(receiver.requests.length).toBe(1);
  });
});

test("deleting a destination cancels what waits; an attempt under way is recorded", async () => {
  const gate = createGate();
  await using receiver = await startReceiver(gate.answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, receiver.url, { maxConcurrency: 1 });
  await accepted(engine, source, 4);
  await eventually(() => expect(gate.waiting).toBe(1));
  const { teamId, envId, id: destinationId } = destination;
  await deleteDestination(engine.routing, { teamId, envId }, { sourceId: source.id, destinationId });
  await engine.delivery.cancel({
    destinationId,
    enablingBelow: Number.MAX_SAFE_INTEGER,
    reason: "destination_deleted",
  });
  gate.open(500);
  await eventually(async () =>
    expect(await tally(engine, destination)).toEqual({ "cancelled destination_deleted": 4 }),
  );
  const [counted] = await select<{ attempts: number }>(engine.store, "select count(*) as attempts from attempts");
  expect(counted).toEqual({ attempts: 1 });
  expect(receiver.requests.length).toBe(1);
});
