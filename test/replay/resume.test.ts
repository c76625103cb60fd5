import { describe, expect, test } from "vitest";

import { resumedMax, runningMax } from "../../src/replay/limits.ts";
import type { Replay } from "../../src/replay/replay.ts";
import { leftBy } from "../../src/replay/rest.ts";
import type { ResumeOutcome, ResumeWish } from "../../src/replay/resume-replay.ts";
import type { Source } from "../../src/routing/source.ts";
import { acceptMany, numberOf, progressOf, startBulk, untilReplay, withEvents } from "../support/bulk.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { startReceiver } from "../support/receiver.ts";
import { newScope } from "../support/records.ts";
import { reachInto } from "../support/store.ts";

const tryResume = (
  engine: Engine,
  { sourceId, id: replayId }: Replay,
  wish: Partial<ResumeWish> = {},
): Promise<ResumeOutcome> => engine.replays.resume(engine.scope, { sourceId, replayId, ...wish });

const resume = async (engine: Engine, replay: Replay, wish: Partial<ResumeWish> = {}): Promise<Replay> => {
  const outcome = await tryResume(engine, replay, wish);
  if (outcome.kind !== "started") throw new Error(outcome.kind);
  return outcome.replay;
};

const cancel = (engine: Engine, { sourceId, id: replayId }: Replay): Promise<Replay | null> =>
  engine.replays.cancel(engine.scope, { sourceId, replayId });

/** One that was cancelled before its first page, and has ended. */
const cancelledAtOnce = async (engine: Engine, source: Source): Promise<Replay> => {
  await engine.replays.stop();
  const replay = await startBulk(engine, source);
  await cancel(engine, replay);
  engine.replays.begin();
  await eventually(() => expect(engine.replays.isCancelled(replay.id)).toBe(false));
  return replay;
};

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

const sorted = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b);

describe("a bulk replay that was cancelled is gone on with", () => {
  test("by one that sends what was cancelled and what had not had its turn, once each", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source } = await withEvents(900);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 16 });
    const first = await startBulk(engine, source, { ratePerSecond: 1_000 });
    await gate.pass(250);
    await eventually(async () => expect((await progressOf(engine, first)).queued).toBeGreaterThan(400));
    await cancel(engine, first);
    gate.open();
    const second = await resume(engine, first);
    const left = await progressOf(engine, first);
    expect(left.cancelled).toBeGreaterThan(100);
    expect(left).toMatchObject({ status: "cancelled", queued: left.succeeded + left.cancelled, resumedBy: second.id });
    expect(second).toMatchObject({ total: 900 - left.succeeded, resumes: first.id, resumedBy: null });
    expect(second.ratePerSecond).toBe(1_000);
    const { total } = second;
    expect(await untilReplay(engine, second, "completed")).toMatchObject({ total, queued: total, succeeded: total });
    expect(sorted(receiver.requests.map(numberOf))).toEqual(upTo(900));
  });

  test("again and again, wherever it is cut off", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(300);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 4 });
    let replay = await startBulk(engine, source);
    const cuts = [0, 1, 40, 41, 42, 130, 260];
    for (const cut of cuts) {
      await receiver.waitFor(cut);
      await cancel(engine, replay);
      replay = await resume(engine, replay, { ratePerSecond: 500 });
    }
    await untilReplay(engine, replay, "completed");
    expect(sorted(receiver.requests.map(numberOf))).toEqual(upTo(300));
    const all = await engine.replays.list(engine.scope, source.id);
    expect(all).toHaveLength(1 + cuts.length);
    expect(all.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe(300);
  });

  test("along those connections alone on which it was cancelled", async () => {
    const gate = createGate();
    await using slow = await startReceiver(gate.answer);
    await using quick = await startReceiver();
    const { engine, source } = await withEvents(30);
    await engine.addDestination(source, slow.url, { maxConcurrency: 1 });
    await engine.addDestination(source, quick.url);
    const first = await startBulk(engine, source);
    await quick.waitFor(30);
    await gate.pass(3);
    await eventually(() => expect(gate.waiting).toBe(1));
    await cancel(engine, first);
    gate.open();
    // What is added meanwhile gets nothing of what lies behind.
    await using late = await startReceiver();
    await engine.addDestination(source, late.url);
    const second = await resume(engine, first);
    expect(second.total).toBe(26);
    expect(await untilReplay(engine, second, "completed")).toMatchObject({ queued: 26, succeeded: 26 });
    expect(sorted(slow.requests.map(numberOf))).toEqual(upTo(30));
    expect(quick.requests).toHaveLength(30);
    expect(late.requests).toHaveLength(0);
  });

  test("without what has gone there since by other means", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source, ids } = await withEvents(10);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 1 });
    const first = await startBulk(engine, source);
    await eventually(() => expect(gate.waiting).toBe(1));
    await cancel(engine, first);
    gate.open();
    await eventually(async () => expect((await progressOf(engine, first)).cancelled).toBe(9));
    await engine.replays.replayOne(engine.scope, { sourceId: source.id, eventId: ids[4]! });
    const second = await resume(engine, first);
    expect(await untilReplay(engine, second, "completed")).toMatchObject({ total: 8, queued: 8 });
    expect(sorted(receiver.requests.map(numberOf))).toEqual(upTo(10));
  });

  test("with its filter, its destinations, and up to where it would have gone", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(30);
    await acceptMany(engine, source, 30, { type: "other", first: 100 });
    const named = await engine.addDestination(source, `${receiver.url}/named`);
    await engine.addDestination(source, `${receiver.url}/other`, { eventFilter: ["later"] });
    const filter = { eventType: "order.created", destinationIds: [named.id] };
    const first = await startBulk(engine, source, { filter, ratePerSecond: 20 });
    await receiver.waitFor(3);
    await cancel(engine, first);
    await acceptMany(engine, source, 5, { type: "later", first: 200 });
    const second = await resume(engine, first, { ratePerSecond: null });
    expect(second).toMatchObject({ filter, ratePerSecond: null });
    await untilReplay(engine, second, "completed");
    const replayed = receiver.requests.filter(({ path }) => path === "/named").map(numberOf);
    expect(sorted(replayed.filter((number) => number < 200))).toEqual(upTo(30));
  });

  test("in the order in which its events came", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(120);
    await engine.addDestination(source, receiver.url, { ordered: true });
    const first = await startBulk(engine, source);
    await receiver.waitFor(50);
    await cancel(engine, first);
    await untilReplay(engine, await resume(engine, first), "completed");
    expect(receiver.requests.map(numberOf)).toEqual(upTo(120));
  });
});

test("a bulk replay that failed is gone on with behind what it made", async () => {
  await using receiver = await startReceiver();
  const { engine, source } = await withEvents(50);
  await engine.addDestination(source, receiver.url);
  const first = await startBulk(engine, source, { ratePerSecond: 20 });
  await receiver.waitFor(5);
  await engine.stop();
  await reachInto(engine.directory, "update replays set status = 'failed', ended_at_ms = 1");
  const later = await startEngine({ directory: engine.directory, clock: engine.clock });
  const second = await resume(later, first, { ratePerSecond: null });
  expect(second.total).toBe(50 - (await progressOf(later, first)).queued);
  await untilReplay(later, second, "completed");
  expect(new Set(receiver.requests.map(numberOf))).toEqual(new Set(upTo(50)));
  expect(await progressOf(later, first)).toMatchObject({ status: "failed", cancelled: 0 });
});

describe("a bulk replay cannot be gone on with", () => {
  test("while it runs, when it has sent all, and when another one does", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(20);
    await engine.addDestination(source, receiver.url);
    const whole = await startBulk(engine, source, { ratePerSecond: 100 });
    expect(await tryResume(engine, whole)).toEqual({ kind: "running" });
    await untilReplay(engine, whole, "completed");
    expect(await tryResume(engine, whole)).toEqual({ kind: "completed" });
    const first = await startBulk(engine, source, { ratePerSecond: 10 });
    await receiver.waitFor(22);
    await cancel(engine, first);
    const outcomes = await Promise.all([tryResume(engine, first), tryResume(engine, first)]);
    const [started] = outcomes.flatMap((outcome) => (outcome.kind === "started" ? [outcome.replay] : []));
    expect(outcomes).toContainEqual({ kind: "resumed", by: started!.id });
    expect(await tryResume(engine, first)).toEqual({ kind: "resumed", by: started!.id });
    await untilReplay(engine, started!, "completed");
    expect(receiver.requests).toHaveLength(40);
  });

  test("while attempts of its are under way that do not end", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source } = await withEvents(20);
    await engine.addDestination(source, receiver.url, { timeoutMs: 60_000 });
    const first = await startBulk(engine, source);
    await eventually(() => expect(gate.waiting).toBeGreaterThan(0));
    await cancel(engine, first);
    expect(await tryResume(engine, first)).toEqual({ kind: "ending" });
    gate.open();
    await untilReplay(engine, await resume(engine, first), "completed");
    expect(sorted(receiver.requests.map(numberOf))).toEqual(upTo(20));
  });

  test("by strangers, nor where too many run", async () => {
    const { engine, source } = await withEvents(1);
    const first = await cancelledAtOnce(engine, source);
    const key = { sourceId: source.id, replayId: first.id };
    expect(await engine.replays.resume(newScope(), key)).toEqual({ kind: "not_found" });
    expect(await engine.replays.resume(engine.scope, { ...key, replayId: source.id })).toEqual({ kind: "not_found" });
    await engine.replays.stop();
    for (let count = 0; count < runningMax; count += 1) await startBulk(engine, source);
    expect(await tryResume(engine, first)).toEqual({ kind: "limit_reached", max: runningMax });
    expect((await progressOf(engine, first)).resumedBy).toBeNull();
  });
});

describe("what a bulk replay leaves", () => {
  const [a, b, c] = ["a", "b", "c"] as const;

  test.for([
    ["nothing of its own, before its first page", null, null, null],
    [
      "what others left, before its first page",
      null,
      { replayIds: [b], through: "5" },
      { replayIds: [b], through: "5" },
    ],
    ["its own", "7", null, { replayIds: [a], through: "7" }],
    [
      "its own alone, once it is through with what others left",
      "5",
      { replayIds: [b, c], through: "5" },
      { replayIds: [a], through: "5" },
    ],
    [
      "its own and the rest of what others left",
      "4",
      { replayIds: [b, c], through: "5" },
      { replayIds: [a, b, c], through: "5" },
    ],
  ] as const)("is %s", ([, cursor, leftovers, left]) => {
    expect(leftBy({ id: a, cursor, leftovers })).toEqual(left);
  });

  test("is not handed on for ever", async () => {
    const { engine, source } = await withEvents(1);
    const replay = await cancelledAtOnce(engine, source);
    const replayIds = Array.from({ length: resumedMax + 1 }, () => engine.ids.next());
    const leftovers = JSON.stringify({ replayIds, through: replay.id });
    await engine.store.write(async (tx) => {
      await tx.tables<{ replays: { leftovers: string } }>().updateTable("replays").set({ leftovers }).execute();
    });
    expect(await tryResume(engine, replay)).toEqual({ kind: "cut_too_often", max: resumedMax });
  });
});
