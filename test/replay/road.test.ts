import { describe, expect, test } from "vitest";

import type { Replay } from "../../src/replay/replay.ts";
import type { RoadWish } from "../../src/replay/start-road.ts";
import { makeConnection } from "../../src/routing/change-connections.ts";
import type { NewDestination } from "../../src/routing/decide-destination.ts";
import type { Destination } from "../../src/routing/destination.ts";
import { dropDestination } from "../../src/routing/drop-destination.ts";
import type { FilterRule } from "../../src/routing/filter-rule.ts";
import { makeDestination } from "../../src/routing/make-destination.ts";
import type { Source } from "../../src/routing/source.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";
import { newScope } from "../support/records.ts";
import { destinationDraft } from "../support/routing.ts";

const { eventFilter: _none, ...plain } = destinationDraft({ dialect: "hookstream", secret: null, maxConcurrency: 1 });

const addDestination = async (
  engine: Engine,
  url: string,
  over: Partial<NewDestination> = {},
): Promise<Destination> => {
  const made = await makeDestination(engine.routing, engine.scope, { ...plain, slug: engine.ids.next(), url, ...over });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.destination;
};

const connect = async (
  engine: Engine,
  source: Source,
  { id }: Destination,
  filterRules: readonly FilterRule[] | null = null,
) => {
  const made = await makeConnection(engine.routing, engine.scope, {
    sourceId: source.id,
    destinationId: id,
    filterRules,
  });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.connection;
};

const start = async (engine: Engine, destination: Destination, over: Partial<RoadWish> = {}): Promise<Replay> => {
  const wish = { destinationId: destination.id, selection: {}, ratePerSecond: 100, eventsMax: 1_000, ...over };
  const started = await engine.replays.startRoad(engine.scope, wish);
  if (started.kind !== "started") throw new Error(started.kind);
  return started.replay;
};

const ended = (engine: Engine, { id }: Replay): Promise<Replay> =>
  eventually(async () => {
    const replay = await engine.replays.getRoad(engine.scope, id);
    expect(replay?.status).toBe("completed");
    return replay!;
  });

const bodiesOf = (receiver: { readonly requests: readonly { readonly body: Buffer }[] }): string[] =>
  receiver.requests.map(({ body }) => body.toString());

describe("a replay along a road", () => {
  test("takes the events of all sources that lead to its destination, in the order in which they came", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const [one, two, stranger] = [await engine.addSource(), await engine.addSource(), await engine.addSource()];
    const bodies: string[] = [];
    for (let i = 0; i < 12; i += 1) {
      const source = [one, two, stranger][i % 3]!;
      await engine.accept(source, { body: `${i}` });
      if (source !== stranger) bodies.push(`${i}`);
    }
    const destination = await addDestination(engine, receiver.url, { ordered: true });
    await connect(engine, one, destination);
    await connect(engine, two, destination);
    const replay = await start(engine, destination);
    expect(replay).toMatchObject({ total: 8, status: "running", road: { destinationId: destination.id } });
    expect(await ended(engine, replay)).toMatchObject({ queued: 8, succeeded: 8, failed: 0 });
    expect(bodiesOf(receiver)).toEqual(bodies);
  });

  test("takes the oldest so many of a span, of one source, along one connection and as its filter says", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const [one, two] = [await engine.addSource(), await engine.addSource()];
    await engine.accept(one, { body: '{"n":0}' });
    engine.clock.advance(10_000);
    const fromMs = engine.clock.nowMs();
    for (let n = 1; n < 6; n += 1) await engine.accept(one, { body: JSON.stringify({ n }) });
    await engine.accept(two, { body: '{"n":-1}' });
    engine.clock.advance(10_000);
    const toMs = engine.clock.nowMs();
    await engine.accept(one, { body: '{"n":6}' });
    const destination = await addDestination(engine, receiver.url, { ordered: true });
    await connect(engine, one, destination);
    await connect(engine, two, destination);
    const { id: connectionId } = await connect(engine, one, destination, [{ field: "payload.n", op: "neq", value: 2 }]);
    const selection = { fromMs, toMs };
    const replay = await start(engine, destination, { connectionId, selection, eventsMax: 4, sourceId: one.id });
    expect(replay.total).toBe(4);
    expect(await ended(engine, replay)).toMatchObject({ queued: 3, skipped: 1, succeeded: 3 });
    expect(bodiesOf(receiver)).toEqual(['{"n":1}', '{"n":3}', '{"n":4}']);
  });

  test("tries each once: what fails is on record, is not tried again, and is not held against the destination", async () => {
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 500 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const eventId = await engine.accept(source);
    const destination = await engine.addDestination(await engine.addSource(), receiver.url);
    await connect(engine, source, destination);
    const replay = await start(engine, destination);
    expect(await ended(engine, replay)).toMatchObject({ queued: 1, failed: 1 });
    const { deliveries, attempts } = await engine.story(eventId);
    expect(deliveries).toMatchObject([{ status: "failed", reason: "exhausted", attempts: 1, isReplay: true }]);
    expect(attempts).toMatchObject([{ responseStatus: 500 }]);
    expect(engine.destination(destination.id).failureCount).toBe(0);
  });

  test("goes on after a restart, and still tries each once", async () => {
    await using receiver = await startReceiver();
    const first = await startEngine();
    const source = await first.addSource();
    for (let n = 0; n < 30; n += 1) await first.accept(source, { body: `${n}` });
    const destination = await addDestination(first, receiver.url, { ordered: true });
    await connect(first, source, destination);
    const replay = await start(first, destination, { ratePerSecond: 20 });
    await receiver.waitFor(5);
    await first.stop();
    receiver.respondWith({ status: 503 });
    const second = await startEngine({ directory: first.directory, clock: first.clock });
    const after = await ended(second, replay);
    expect(after.queued).toBe(30);
    expect(after.succeeded + after.failed).toBe(30);
    expect(after.failed).toBeGreaterThan(0);
    expect(new Set(bodiesOf(receiver)).size).toBe(30);
  });

  test("needs a road", async () => {
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await addDestination(engine, "http://127.0.0.1:1/");
    const wish = { destinationId: destination.id, selection: {}, ratePerSecond: null, eventsMax: 10 };
    expect(await engine.replays.startRoad(engine.scope, wish)).toEqual({ kind: "not_connected" });
    await connect(engine, source, destination);
    for (const scope of [newScope(), { ...engine.scope, envId: engine.ids.next() }]) {
      expect(await engine.replays.startRoad(scope, wish)).toEqual({ kind: "not_connected" });
    }
    const other = { ...wish, connectionId: engine.ids.next() };
    expect(await engine.replays.startRoad(engine.scope, other)).toEqual({ kind: "not_connected" });
    const replay = await start(engine, destination);
    expect(replay.total).toBe(0);
    expect(await engine.replays.getRoad(newScope(), replay.id)).toBeNull();
    expect(await engine.replays.get(engine.scope, { sourceId: source.id, replayId: replay.id })).toBeNull();
    await ended(engine, replay);
  });

  test("is kept for a day once it has ended, and goes with its destination", async () => {
    const engine = await startEngine();
    const source = await engine.addSource();
    const [kept, gone] = [
      await addDestination(engine, "http://127.0.0.1:1/"),
      await addDestination(engine, "http://127.0.0.1:1/"),
    ];
    await connect(engine, source, kept);
    await connect(engine, source, gone);
    const [old, orphan] = [await start(engine, kept), await start(engine, gone)];
    await ended(engine, old);
    await ended(engine, orphan);
    await dropDestination(engine.routing, engine.scope, gone.id);
    const isThere = async (): Promise<boolean[]> => [
      (await engine.replays.getRoad(engine.scope, old.id)) !== null,
      (await engine.replays.getRoad(engine.scope, orphan.id)) !== null,
    ];
    engine.clock.advance(2 * 3_600_000);
    await engine.housekeeping.runOnce();
    expect(await isThere()).toEqual([true, false]);
    engine.clock.advance(23 * 3_600_000);
    await engine.housekeeping.runOnce();
    expect(await isThere()).toEqual([false, false]);
  });
});

test("an event is sent again along one connection, whatever its filter", async () => {
  await using receiver = await startReceiver();
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await addDestination(engine, receiver.url);
  const { id } = await connect(engine, source, destination, [{ field: "method", op: "eq", value: "GET" }]);
  await connect(engine, source, destination, [{ field: "method", op: "eq", value: "GET" }]);
  const eventId = await engine.accept(source);
  const wish = { sourceId: source.id, eventId };
  expect(await engine.replays.replayOne(engine.scope, { ...wish, connectionIds: [engine.ids.next()] })).toEqual({
    kind: "unknown_destination",
  });
  await engine.replays.replayOne(engine.scope, { ...wish, connectionIds: [id] });
  const { deliveries } = await engine.until(eventId, "succeeded");
  expect(deliveries.map(({ connectionId }) => connectionId)).toEqual([id]);
});
