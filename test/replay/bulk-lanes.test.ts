import { describe, expect, test } from "vitest";

import { outstandingMax } from "../../src/replay/limits.ts";
import type { Replay } from "../../src/replay/replay.ts";
import type { BulkWish } from "../../src/replay/start-replay.ts";
import type { Source } from "../../src/routing/source.ts";
import { acceptMany, numberOf, progressOf, replayedRows, startBulk, untilReplay, withEvents } from "../support/bulk.ts";
import { type Engine, eventually } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { startReceiver } from "../support/receiver.ts";

describe("beside live traffic, a bulk replay", () => {
  test("has at most half of a lane, and keeps its backlog to itself", async () => {
    const gate = createGate();
    await using receiver = await startReceiver((request, response) =>
      JSON.parse(request.body.toString()).type === "live"
        ? void response.end()
        : (gate.answer as (...parts: unknown[]) => Promise<void>)(request, response),
    );
    const { engine, source } = await withEvents(700);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 6 });
    const replay = await startBulk(engine, source);
    await eventually(async () => expect((await replayedRows(engine)).length).toBe(outstandingMax));
    await eventually(() => expect(gate.waiting).toBe(3));
    const live = await acceptMany(engine, source, 50, { type: "live" });
    for (const id of live) await engine.until(id, "succeeded");
    expect(gate.mostWaiting).toBe(3);
    expect(await replayedRows(engine)).toHaveLength(outstandingMax);
    gate.open();
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ queued: 700, succeeded: 700 });
    expect(gate.mostWaiting).toBe(3);
  });

  test("takes turns with it in a lane of one slot", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source } = await withEvents(30);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 1 });
    const replay = await startBulk(engine, source);
    await eventually(async () => expect((await progressOf(engine, replay)).queued).toBe(30));
    await eventually(() => expect(gate.waiting).toBe(1));
    await acceptMany(engine, source, 30, { type: "live", first: 1_000 });
    gate.open();
    await untilReplay(engine, replay, "completed");
    await eventually(() => expect(receiver.requests).toHaveLength(60));
    const isLive = receiver.requests.map((request) => numberOf(request) >= 1_000);
    // The first was under way when the others came.
    const turns = isLive.slice(1, 57);
    expect(turns).toEqual(turns.map((_, at) => (at % 2 === 0 ? turns[0] : !turns[0])));
  });
});

describe("several bulk replays", () => {
  /** Starts them at once, while nothing is answered, and waits until they have all made what they may. */
  const startTogether = async (engine: Engine, source: Source, wishes: readonly Partial<BulkWish>[]) => {
    await engine.replays.stop();
    const replays: Replay[] = [];
    for (const wish of wishes) replays.push(await startBulk(engine, source, wish));
    engine.replays.begin();
    return replays;
  };

  test("to the same destinations keep no more to themselves than one does, each as much, and live events pass", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source } = await withEvents(700);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 4, timeoutMs: 60_000 });
    const replays = await startTogether(engine, source, [{}, {}, {}, {}]);
    await eventually(() => expect(gate.waiting).toBe(2));
    await eventually(async () => expect((await replayedRows(engine)).length).toBeGreaterThanOrEqual(outstandingMax));
    await acceptMany(engine, source, 1, { type: "live", first: 9_000 });
    await eventually(() => expect(receiver.requests.some((request) => numberOf(request) === 9_000)).toBe(true));
    for (const replay of replays) expect((await progressOf(engine, replay)).queued).toBe(outstandingMax / 4);
    expect(await replayedRows(engine)).toHaveLength(outstandingMax);
    gate.open();
    for (const replay of replays) {
      expect(await untilReplay(engine, replay, "completed")).toMatchObject({ queued: 700, succeeded: 700 });
    }
  });

  test("get in one event while an earlier one has all there is, and what it leaves from then on", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source } = await withEvents(500);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 2, timeoutMs: 60_000 });
    const first = await startBulk(engine, source);
    await eventually(async () => expect((await progressOf(engine, first)).queued).toBe(outstandingMax));
    const second = await startBulk(engine, source);
    await eventually(async () => expect((await progressOf(engine, second)).queued).toBe(1));
    await gate.pass(100);
    await engine.roundTrip();
    expect((await progressOf(engine, first)).queued).toBe(outstandingMax);
    gate.open();
    for (const replay of [first, second]) await untilReplay(engine, replay, "completed");
  });

  test("to different destinations have nothing to share", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source } = await withEvents(500);
    const wishes: Partial<BulkWish>[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { id } = await engine.addDestination(source, receiver.url, { maxConcurrency: 2, timeoutMs: 60_000 });
      wishes.push({ filter: { destinationIds: [id] } });
    }
    const replays = await startTogether(engine, source, wishes);
    for (const replay of replays) {
      await eventually(async () => expect((await progressOf(engine, replay)).queued).toBe(outstandingMax));
    }
    gate.open();
    for (const replay of replays) await untilReplay(engine, replay, "completed");
  });
});

describe("a bulk replay that is cancelled", () => {
  test("starts nothing more, ends what waits, and keeps what was sent", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source, ids } = await withEvents(600);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 4 });
    const replay = await startBulk(engine, source);
    await gate.pass(10);
    await eventually(async () => expect((await progressOf(engine, replay)).queued).toBeGreaterThanOrEqual(400));
    await eventually(() => expect(gate.waiting).toBe(2));
    const answer = await engine.replays.cancel(engine.scope, { sourceId: source.id, replayId: replay.id });
    expect(answer).toMatchObject({ status: "cancelled", endedAtMs: expect.any(Number) });
    gate.open();
    await eventually(async () => {
      const { queued, succeeded, cancelled } = await progressOf(engine, replay);
      expect([succeeded, cancelled]).toEqual([12, queued - 12]);
    });
    await eventually(() => expect(engine.replays.isCancelled(replay.id)).toBe(false));
    expect(receiver.requests).toHaveLength(12);
    const rows = await replayedRows(engine);
    expect(new Set(rows.map(({ status, reason }) => `${status} ${reason}`))).toEqual(
      new Set(["success null", "cancelled replay_cancelled"]),
    );
    expect((await engine.story(ids[300]!)).status).toBe("failed");
    expect((await engine.story(ids.at(-1)!)).status).toBe("received");
    await engine.roundTrip();
    expect(await replayedRows(engine)).toHaveLength(rows.length);
  });

  test("does not try again what failed", async () => {
    await using receiver = await startReceiver({ status: 500 });
    const { engine, source } = await withEvents(1);
    await engine.addDestination(source, receiver.url);
    const replay = await startBulk(engine, source);
    await receiver.waitFor(1);
    await engine.replays.cancel(engine.scope, { sourceId: source.id, replayId: replay.id });
    await eventually(async () => expect((await progressOf(engine, replay)).cancelled).toBe(1));
    engine.clock.advance(600_000);
    await engine.roundTrip();
    expect(receiver.requests).toHaveLength(1);
  });

  test("stays as it ended when it had ended", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(2);
    await engine.addDestination(source, receiver.url);
    const replay = await startBulk(engine, source);
    const ended = await untilReplay(engine, replay, "completed");
    const key = { sourceId: source.id, replayId: replay.id };
    expect(await engine.replays.cancel(engine.scope, key)).toEqual(ended);
  });
});
