import { describe, expect, test } from "vitest";

import { readStored } from "../../src/events/read.ts";
import { runningMax } from "../../src/replay/limits.ts";
import type { ReplayFilter } from "../../src/replay/replay.ts";
import { deleteSource } from "../../src/routing/delete-source.ts";
import { updateSource } from "../../src/routing/update-source.ts";
import {
  acceptMany,
  bare,
  numberOf,
  progressOf,
  replayedRows,
  startBulk,
  untilReplay,
  withEvents,
} from "../support/bulk.ts";
import { eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { shippedPreset, signedSample } from "../support/presets.ts";
import { startReceiver } from "../support/receiver.ts";
import { newScope } from "../support/records.ts";

describe("a bulk replay", () => {
  test("sends every event once, and tells how far it has come", async () => {
    await using receiver = await startReceiver();
    const { engine, source, ids } = await withEvents(350);
    await engine.addDestination(source, receiver.url);
    const replay = await startBulk(engine, source);
    expect(replay).toMatchObject({ status: "running", total: 350, queued: 0, succeeded: 0, endedAtMs: null });
    const ended = await untilReplay(engine, replay, "completed");
    expect(ended).toMatchObject({ total: 350, queued: 350, skipped: 0, succeeded: 350, failed: 0, cancelled: 0 });
    expect(ended.endedAtMs).not.toBeNull();
    expect((await replayedRows(engine)).map(({ event }) => event)).toEqual(bare(ids));
    expect(receiver.requests.map(numberOf).toSorted((a, b) => a - b)).toEqual(Array.from(ids.keys()));
    expect(await engine.replays.list(engine.scope, source.id)).toEqual([ended]);
    await eventually(() => {
      const told = engine.log.entries().find(({ message }) => message === "bulk replay ended");
      expect(told).toMatchObject({ status: "completed", replayId: replay.id, queued: 350, succeeded: 350 });
    });
    for (const id of [ids[0]!, ids.at(-1)!]) expect((await engine.story(id)).status).toBe("succeeded");
  });

  test("goes from the oldest event to the newest, and in an ordered lane arrives so", async () => {
    await using receiver = await startReceiver();
    const { engine, source, ids } = await withEvents(120);
    await engine.addDestination(source, receiver.url, { ordered: true });
    await untilReplay(engine, await startBulk(engine, source), "completed");
    expect(receiver.requests.map(numberOf)).toEqual(Array.from(ids.keys()));
  });

  test("takes what was stored when it was made, and nothing that came later", async () => {
    await using receiver = await startReceiver();
    const { engine, source, ids } = await withEvents(5);
    const [early] = ids;
    await engine.addDestination(source, receiver.url, { eventFilter: ["order.created"] });
    const replay = await startBulk(engine, source, { ratePerSecond: 20 });
    await acceptMany(engine, source, 5, { type: "later", first: 100 });
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ total: 5, queued: 5 });
    expect((await replayedRows(engine))[0]).toMatchObject({ event: bare([early!])[0] });
    expect(receiver.requests).toHaveLength(5);
  });

  test("goes no faster than it is told to", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(6);
    await engine.addDestination(source, receiver.url);
    const startedMs = engine.clock.monotonicMs();
    await untilReplay(engine, await startBulk(engine, source, { ratePerSecond: 10 }), "completed");
    // Two events each quarter of a second: the last ones come after two waits of a fifth.
    expect(engine.clock.monotonicMs() - startedMs).toBeGreaterThanOrEqual(400);
  });

  test("goes as fast as its clock", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(3);
    await engine.addDestination(source, receiver.url);
    const replay = await startBulk(engine, source, { ratePerSecond: 1 });
    for (let sent = 1; sent <= 3; sent += 1) {
      await receiver.waitFor(sent);
      await eventually(async () => expect((await progressOf(engine, replay)).queued).toBe(sent));
      engine.clock.advance(1_000);
    }
    await untilReplay(engine, replay, "completed");
  });

  test("goes to the destinations that are named, whatever their filter, and skips what is off", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(3);
    const named = await engine.addDestination(source, `${receiver.url}/named`, { eventFilter: ["none"] });
    const off = await engine.addDestination(source, `${receiver.url}/off`, { enabled: false });
    await engine.addDestination(source, `${receiver.url}/other`);
    const replay = await startBulk(engine, source, { filter: { destinationIds: [named.id, off.id] } });
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ queued: 3, skipped: 0 });
    expect(receiver.requests.map(({ path }) => path)).toEqual(["/named", "/named", "/named"]);
    const nowhere = await startBulk(engine, source, { filter: { destinationIds: [off.id] } });
    expect(await untilReplay(engine, nowhere, "completed")).toMatchObject({ total: 3, queued: 0, skipped: 3 });
  });

  test("is refused when it names a destination of another source, or so many run already", async () => {
    const { engine, source } = await withEvents(1);
    const foreign = await engine.addDestination(await engine.addSource(), "http://127.0.0.1:9/");
    const start = (filter: ReplayFilter) =>
      engine.replays.start(engine.scope, source.id, { filter, ratePerSecond: null });
    const filter = { destinationIds: [foreign.id] };
    expect(await start(filter)).toEqual({ kind: "unknown_destination" });
    expect(await engine.replays.plan(engine.scope, source.id, filter)).toEqual({ kind: "unknown_destination" });
    await engine.replays.stop();
    for (let count = 0; count < runningMax; count += 1) await startBulk(engine, source);
    expect(await start({})).toEqual({ kind: "limit_reached", max: runningMax });
  });

  test("verifies again what was stored as invalid, and skips what still is", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource({ provider: "github", signingSecret: "mis-pasted", requireSignature: true });
    await engine.addDestination(source, receiver.url);
    const good = signedSample(shippedPreset("github"), "right");
    const forged = signedSample(shippedPreset("github"), "guessed");
    for (const { headers, body } of [good, forged, good]) {
      await engine.accept(source, { headers, body: Buffer.from(body) });
    }
    await updateSource(engine.routing, engine.scope, source.id, { signingSecret: "right" });
    const replay = await startBulk(engine, source);
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ total: 3, queued: 2, skipped: 1 });
    expect(receiver.requests).toHaveLength(2);
  });

  test("belongs to its owner", async () => {
    const { engine, source } = await withEvents(1);
    const { id: replayId } = await startBulk(engine, source);
    const stranger = newScope();
    const key = { sourceId: source.id, replayId };
    expect(await engine.replays.get(stranger, key)).toBeNull();
    expect(await engine.replays.cancel(stranger, key)).toBeNull();
    expect(await engine.replays.list(stranger, source.id)).toEqual([]);
    expect(await engine.replays.get(engine.scope, { ...key, sourceId: replayId })).toBeNull();
    expect(await engine.replays.plan(stranger, source.id, {})).toMatchObject({ total: 0, sample: [] });
  });

  test("stops with its source", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(20);
    await engine.addDestination(source, receiver.url);
    await startBulk(engine, source, { ratePerSecond: 4 });
    await receiver.waitFor(2);
    await deleteSource(engine.routing, engine.scope, source.id);
    const { length } = receiver.requests;
    engine.clock.advance(60_000);
    await engine.roundTrip();
    expect(receiver.requests.length - length).toBeLessThanOrEqual(1);
  });
});

describe("a plan", () => {
  /** Events that succeeded, failed, were cancelled, and never went anywhere. */
  const withStatuses = async () => {
    const receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, {
      eventFilter: ["good", "bad", "stuck"],
      retryScheduleSeconds: [],
      maxConcurrency: 1,
    });
    const good = await acceptMany(engine, source, 3, { type: "good" });
    for (const id of good) await engine.until(id, "succeeded");
    receiver.respondWith({ status: 500 });
    const bad = await acceptMany(engine, source, 2, { type: "bad" });
    for (const id of bad) await engine.until(id, "failed");
    const gate = createGate();
    receiver.respondWith(gate.answer);
    const stuck = await acceptMany(engine, source, 4, { type: "stuck" });
    await eventually(() => expect(gate.waiting).toBe(1));
    await engine.change(source, destination, { enabled: false });
    gate.open();
    for (const id of stuck.slice(1)) await engine.until(id, "failed");
    const idle = await acceptMany(engine, source, 2, { type: "idle" });
    await receiver.close();
    return { engine, source, good, bad, stuck: stuck.slice(1), idle };
  };

  test("counts exactly what a filter finds, and shows the oldest of it", async () => {
    const { engine, source, bad, stuck, idle } = await withStatuses();
    const plan = async (filter: ReplayFilter) => {
      const planned = await engine.replays.plan(engine.scope, source.id, filter);
      if (planned.kind !== "planned") throw new Error(planned.kind);
      return { total: planned.total, sample: planned.sample.map(({ id }) => id) };
    };
    expect(await plan({ status: "failed" })).toEqual({ total: 5, sample: [...bad, ...stuck].toSorted() });
    expect(await plan({ status: "cancelled" })).toEqual({ total: 3, sample: stuck });
    expect(await plan({ status: "received" })).toEqual({ total: 2, sample: idle });
    expect(await plan({ status: "forwarding" })).toEqual({ total: 0, sample: [] });
    expect(await plan({ eventType: "bad" })).toEqual({ total: 2, sample: bad });
    expect(await plan({ eventType: "bad", status: "succeeded" })).toEqual({ total: 0, sample: [] });
    const whole = await plan({});
    expect([whole.total, whole.sample.length]).toEqual([11, 10]);
    const { receivedAtMs } = (await readStored(engine.store, idle[0]!))!.event;
    expect((await plan({ toMs: receivedAtMs })).total + (await plan({ fromMs: receivedAtMs })).total).toBe(11);
    expect((await plan({ fromMs: receivedAtMs })).total).toBeGreaterThanOrEqual(2);
    expect((await plan({ fromMs: engine.clock.nowMs() + 1_000 })).total).toBe(0);
  });

  test("sends nothing, and what was cancelled can be brought back", async () => {
    const { engine, source, stuck } = await withStatuses();
    const rows = async () => (await replayedRows(engine)).map(({ event }) => event);
    await engine.replays.plan(engine.scope, source.id, { status: "cancelled" });
    expect(await rows()).toEqual([]);
    await using receiver = await startReceiver();
    await engine.addDestination(source, receiver.url);
    const replay = await startBulk(engine, source, { filter: { status: "cancelled" } });
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ total: 3, queued: 3, succeeded: 3 });
    expect(await rows()).toEqual(bare(stuck));
  });

  test("looks through more events than one read does, and still counts exactly", async () => {
    const engine = await startEngine();
    const source = await engine.addSource();
    await acceptMany(engine, source, 5_200, { type: "plain" });
    await acceptMany(engine, source, 2, { type: "rare" });
    await acceptMany(engine, source, 4_900, { type: "plain" });
    const rare = await engine.replays.plan(engine.scope, source.id, { eventType: "rare" });
    expect(rare).toMatchObject({ total: 2, sample: [{ eventType: "rare" }, { eventType: "rare" }] });
    expect(await engine.replays.plan(engine.scope, source.id, {})).toMatchObject({ total: 10_102 });
    await using receiver = await startReceiver();
    await engine.addDestination(source, receiver.url);
    const replay = await startBulk(engine, source, { filter: { eventType: "rare" } });
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ total: 2, queued: 2, skipped: 0 });
  });
});
