import { describe, expect, test } from "vitest";

import type { Id } from "../../src/lib/ids.ts";
import { addOperation } from "../../src/queue/add.ts";
import type { SourceDraft } from "../../src/routing/decide-source.ts";
import type { Source } from "../../src/routing/source.ts";
import { updateSource } from "../../src/routing/update-source.ts";
import { acceptMany, startBulk, untilReplay } from "../support/bulk.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { startReceiver } from "../support/receiver.ts";
import { committer, newPending } from "../support/records.ts";
import { execute, select } from "../support/store.ts";

const dayMs = 24 * 60 * 60 * 1000;

/** Rows of every table that grows with events. */
const rowsIn = async ({ store }: Engine): Promise<Record<string, number>> => {
  const counts = ["events", "payloads", "deliveries", "attempts", "replays"].map(
    (table) => `(select count(*) from ${table}) as ${table}`,
  );
  const [row] = await select<Record<string, number>>(store, `select ${counts.join(", ")}`);
  return row!;
};

const nothing = { events: 0, payloads: 0, deliveries: 0, attempts: 0, replays: 0 };

const runsOf = ({ log }: Engine) => log.entries().filter(({ message }) => message === "retention ran");

/** How many rows of a table went between one look and the next, while `work` was done. */
const goneDuring = async (
  engine: Engine,
  table: string,
  work: Promise<unknown>,
  between: () => Promise<unknown>,
): Promise<readonly number[]> => {
  const over = work.then(() => true);
  const gone: number[] = [];
  for (let last = (await rowsIn(engine))[table]!, isOver = false; !isOver;) {
    isOver = await Promise.race([over, between().then(() => false)]);
    const now = (await rowsIn(engine))[table]!;
    gone.push(last - now);
    last = now;
  }
  return gone;
};

/** Events of a source that have been delivered. */
const delivered = async (engine: Engine, source: Source, count: number): Promise<readonly Id[]> => {
  const events = await acceptMany(engine, source, count);
  for (const id of events) await engine.until(id, "succeeded");
  return events;
};

describe("retention", () => {
  test("removes what is older than its source wants, with all that came of it, and says what", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 3 });
    const patient = await engine.addSource({ retentionDays: 30 });
    await engine.addDestination(source, receiver.url);
    await engine.addDestination(patient, receiver.url);
    await delivered(engine, source, 250);
    const kept = await delivered(engine, patient, 2);
    engine.clock.advance(2 * dayMs);
    const young = await delivered(engine, source, 2);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 0, deliveries: 0, attempts: 0 });
    engine.clock.advance(1.5 * dayMs);
    const removed = await engine.housekeeping.runOnce();
    expect(removed).toMatchObject({ events: 250, deliveries: 250, attempts: 250, replays: 0 });
    expect(await rowsIn(engine)).toEqual({ events: 4, payloads: 4, deliveries: 4, attempts: 4, replays: 0 });
    for (const id of [...kept, ...young]) expect((await engine.story(id)).attempts).toHaveLength(1);
    expect(runsOf(engine).at(-1)).toMatchObject({ level: "info", events: 250, deliveries: 250, attempts: 250 });
  });

  test("follows a change of the source's wish", async () => {
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 30 });
    await acceptMany(engine, source, 3);
    engine.clock.advance(5 * dayMs);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 0 });
    await updateSource(engine.routing, engine.scope, source.id, { retentionDays: 4 });
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 3 });
  });

  test("removes what has no valid signature after a week, where one is required", async () => {
    const signing: Partial<SourceDraft> = { signingSecret: "s", signingHeader: "x-signature" };
    const engine = await startEngine();
    const strict = await engine.addSource({ ...signing, requireSignature: true });
    const lenient = await engine.addSource({ ...signing, requireSignature: false });
    const brief = await engine.addSource({ ...signing, requireSignature: true, retentionDays: 2 });
    for (const source of [strict, lenient, brief]) await acceptMany(engine, source, 2);
    engine.clock.advance(3 * dayMs);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 2 });
    engine.clock.advance(4.5 * dayMs);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 2 });
    const left = await select<{ source: string }>(engine.store, "select hex(source_id) as source from events");
    const own = lenient.id.replaceAll("-", "").toUpperCase();
    expect(left.map(({ source }) => source)).toEqual([own, own]);
  });

  test("removes bulk replays that ended as long ago", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 3 });
    await acceptMany(engine, source, 2);
    await engine.addDestination(source, receiver.url);
    await untilReplay(engine, await startBulk(engine, source), "completed");
    engine.clock.advance(2 * dayMs);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ replays: 0 });
    await engine.replays.stop();
    await startBulk(engine, source);
    engine.clock.advance(1.5 * dayMs);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ replays: 1 });
    engine.clock.advance(90 * dayMs);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ replays: 0 });
    expect(await rowsIn(engine)).toEqual({ ...nothing, replays: 1 });
  });

  test("does not believe a clock that was just set, and believes it after an hour", async () => {
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 1 });
    await acceptMany(engine, source, 2);
    engine.clock.jump(400 * dayMs);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 0 });
    engine.clock.advance(61 * 60_000);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 2 });
  });
});

describe("an event with a delivery that has not ended", () => {
  test("stays until that ends", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 1 });
    await engine.addDestination(source, receiver.url);
    const [waiting] = await acceptMany(engine, source, 1);
    await eventually(() => expect(gate.waiting).toBe(1));
    engine.clock.advance(2 * dayMs);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 0, deliveries: 0 });
    gate.open();
    await engine.until(waiting!, "succeeded");
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 1, deliveries: 1, attempts: 1 });
    expect(await rowsIn(engine)).toEqual(nothing);
  });

  test("stays although a newer replay of it has succeeded", async () => {
    await using receiver = await startReceiver({ status: 500 });
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 1 });
    await engine.addDestination(source, receiver.url, { retryScheduleSeconds: [5 * 86_400] });
    const [eventId] = await acceptMany(engine, source, 1);
    await receiver.waitFor(1);
    receiver.respondWith({ status: 200 });
    await engine.replays.replayOne(engine.scope, { sourceId: source.id, eventId: eventId! });
    await engine.until(eventId!, "succeeded");
    engine.clock.advance(2 * dayMs);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 0 });
    engine.clock.advance(4 * dayMs);
    await receiver.waitFor(3);
    await eventually(async () => expect((await engine.story(eventId!)).attempts).toHaveLength(3));
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 1, deliveries: 2, attempts: 3 });
  });

  test.for([false, true])(
    "goes a week later at the latest, and its delivery is cancelled (ordered: %s)",
    async (ordered) => {
      await using receiver = await startReceiver({ status: 500 });
      const engine = await startEngine();
      const source = await engine.addSource({ retentionDays: 1 });
      const schedule = { retryScheduleSeconds: Array.from({ length: 50 }, () => 604_800) };
      await engine.addDestination(source, receiver.url, { ordered, ...schedule });
      const [first] = await acceptMany(engine, source, 1);
      await eventually(async () => expect((await engine.story(first!)).attempts).toHaveLength(1));
      engine.clock.advance(6.9 * dayMs);
      expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 0 });
      expect((await engine.story(first!)).status).toBe("forwarding");
      engine.clock.advance(dayMs);
      await eventually(async () => expect((await engine.story(first!)).attempts).toHaveLength(2));
      engine.clock.advance(0.2 * dayMs);
      await eventually(async () => {
        await engine.housekeeping.runOnce();
        expect(await rowsIn(engine)).toEqual(nothing);
      });
      const ended = engine.log.entries().filter(({ message }) => message === "delivery cancelled");
      expect(ended).toMatchObject([{ status: "cancelled", reason: "expired" }]);
      expect(receiver.requests).toHaveLength(2);
    },
  );
});

describe("housekeeping", () => {
  test("holds the writer for a few hundred events at most, and lets others write between", async () => {
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 1 });
    await acceptMany(engine, source, 1_500);
    engine.clock.advance(2 * dayMs);
    const running = engine.housekeeping.runOnce();
    const gone = await goneDuring(engine, "events", running, () => engine.accept(source));
    expect(await running).toMatchObject({ events: 1_500 });
    expect(Math.max(...gone)).toBeLessThanOrEqual(200);
    expect(gone.filter((count) => count > 0).length).toBeGreaterThanOrEqual(7);
  });

  test("removes an event with thousands of deliveries in small steps", async () => {
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 1 });
    const [eventId] = await acceptMany(engine, source, 1);
    const many = Array.from({ length: 3_000 }, () => newPending({ eventId: eventId!, sourceId: source.id }));
    await committer(engine.store)(addOperation(many));
    await engine.store.write((tx) => execute(tx, "update deliveries set status = 'success', due_at_ms = null"));
    engine.clock.advance(2 * dayMs);
    const running = engine.housekeeping.runOnce();
    const gone = await goneDuring(engine, "deliveries", running, () => engine.accept(source));
    expect(await running).toMatchObject({ events: 1, deliveries: 3_000 });
    expect(Math.max(...gone)).toBeLessThanOrEqual(1_000);
    expect((await rowsIn(engine))["deliveries"]).toBe(0);
  });

  test("runs by itself, never twice at once, and not after it was stopped", async () => {
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 1 });
    await acceptMany(engine, source, 2);
    engine.clock.advance(2 * dayMs);
    engine.housekeeping.start();
    engine.clock.advance(10_000);
    const [one, two] = await Promise.all([engine.housekeeping.runOnce(), engine.housekeeping.runOnce()]);
    expect(one).toBe(two);
    expect(one).toMatchObject({ events: 2 });
    await acceptMany(engine, source, 3);
    engine.clock.advance(2 * dayMs);
    await eventually(async () => expect(await rowsIn(engine)).toEqual(nothing));
    await engine.housekeeping.stop();
    await acceptMany(engine, source, 1);
    engine.clock.advance(2 * dayMs);
    await engine.roundTrip();
    expect(await rowsIn(engine)).toMatchObject({ events: 3 });
  });

  test("reports what fails, and gets it done later", async () => {
    const engine = await startEngine();
    const source = await engine.addSource({ retentionDays: 1 });
    await acceptMany(engine, source, 2);
    engine.clock.advance(2 * dayMs);
    await engine.writer.breakDown();
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 0 });
    expect(engine.log.entries().map(({ task }) => task)).toContain("expire events");
    await engine.writer.mend();
    expect(await engine.housekeeping.runOnce()).toMatchObject({ events: 2 });
  });
});
