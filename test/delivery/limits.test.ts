import { describe, expect, test } from "vitest";

import type { Id } from "../../src/lib/ids.ts";
import type { Source } from "../../src/routing/source.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { startReceiver } from "../support/receiver.ts";
import { idLiteral, select } from "../support/store.ts";

const accepted = (engine: Engine, source: Source, count: number, body?: Buffer): Promise<Id[]> =>
  Promise.all(Array.from({ length: count }, () => engine.accept(source, body === undefined ? {} : { body })));

const countOf = async ({ store }: Engine, status: string): Promise<number> => {
  const [row] = await select<{ count: number }>(
    store,
    `select count(*) as count from deliveries where status = '${status}'`,
  );
  return row!.count;
};

describe("concurrency", () => {
  test.for([1, 3, 40])("never passes its limit of %i, and uses it", async (maxConcurrency) => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, receiver.url, { maxConcurrency });
    await accepted(engine, source, 80);
    await eventually(() => expect(gate.waiting).toBe(maxConcurrency));
    await engine.roundTrip();
    expect(gate.waiting).toBe(maxConcurrency);
    gate.open();
    await eventually(async () => expect(await countOf(engine, "success")).toBe(80 + 2));
    expect(gate.mostWaiting).toBe(maxConcurrency);
    expect(receiver.requests.length).toBe(80);
  });

  test("that is lowered holds from the next send on, and that is raised is used at once", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, { maxConcurrency: 4 });
    await accepted(engine, source, 20);
    await eventually(() => expect(gate.waiting).toBe(4));
    await engine.change(source, destination, { maxConcurrency: 1 });
    await gate.pass(3);
    await engine.roundTrip();
    expect(gate.waiting).toBe(1);
    await engine.change(source, destination, { maxConcurrency: 6 });
    await eventually(() => expect(gate.waiting).toBe(6));
  });
});

describe("a rate", () => {
  test("of three a minute lets three go, and three more each minute", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, receiver.url, { rateLimit: 3, ratePeriod: "minute" });
    await accepted(engine, source, 8);
    for (const sent of [3, 6]) {
      await receiver.waitFor(sent);
      engine.clock.advance(50_000);
      await engine.roundTrip();
      expect(receiver.requests.length).toBe(sent);
      engine.clock.advance(10_000);
    }
    await receiver.waitFor(8);
  });

  test("holds when events come one by one, each long after the one before was done", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, receiver.url, { rateLimit: 2, ratePeriod: "minute" });
    for (let sent = 0; sent < 2; sent += 1) await engine.until(await engine.accept(source), "succeeded");
    await engine.roundTrip();
    const third = await engine.accept(source);
    await engine.roundTrip();
    expect(receiver.requests.length).toBe(2);
    engine.clock.advance(60_000);
    await engine.until(third, "succeeded");
    expect(receiver.requests.length).toBe(3);
  });

  test("counts retries like any other send", async () => {
    await using receiver = await startReceiver({ status: 500 });
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, receiver.url, {
      rateLimit: 1,
      ratePeriod: "minute",
      retryScheduleSeconds: [1],
    });
    const eventId = await engine.accept(source);
    await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
    engine.clock.advance(10_000);
    await engine.roundTrip();
    expect(receiver.requests.length).toBe(1);
    engine.clock.advance(50_000);
    await engine.until(eventId, "failed");
    expect(receiver.requests.length).toBe(2);
  });

  test("of five a second is kept in real time", async () => {
    const sentAtMs: number[] = [];
    await using receiver = await startReceiver((_, response) => {
      sentAtMs.push(performance.now());
      response.end();
    });
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, receiver.url, { rateLimit: 5, ratePeriod: "second" });
    await accepted(engine, source, 12);
    await receiver.waitFor(12);
    const spans = sentAtMs.slice(5).map((atMs, index) => atMs - sentAtMs[index]!);
    // A send may be on its way a little longer than the one five before it.
    expect(Math.min(...spans)).toBeGreaterThan(900);
    expect(sentAtMs[11]! - sentAtMs[0]!).toBeLessThan(4000);
  });
});

describe("invariant 8: one slow or dead destination delays no other", () => {
  test.for([
    ["never answers", "silent"],
    ["fails at once", "failing"],
    ["refuses connections", "closed"],
  ] as const)("one that %s", async ([_, kind]) => {
    const gate = createGate();
    await using bad = await startReceiver(kind === "silent" ? gate.answer : { status: 500 });
    await using healthy = await startReceiver();
    if (kind === "closed") await bad.close();
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, bad.url, { maxConcurrency: 4 });
    const good = await engine.addDestination(source, healthy.url);
    for (let round = 0; round < 10; round += 1) await accepted(engine, source, 30);
    await healthy.waitFor(300);
    await eventually(async () => {
      const [row] = await select<{ count: number }>(
        engine.store,
        `select count(*) as count from deliveries where status = 'success' and destination_id = ${idLiteral(good.id)}`,
      );
      expect(row!.count).toBe(300);
    });
    if (kind === "silent") expect(bad.requests.length).toBe(4);
  });
});

describe("invariant 9: memory does not grow with backlog", () => {
  test("a lane keeps at most 4 MiB, however long its backlog, and delivers all of it in the end", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, receiver.url);
    const { lanes } = engine.delivery;
    const body = Buffer.alloc(5000, "x");
    let mostBytes = 0;
    for (let round = 0; round < 30; round += 1) {
      await accepted(engine, source, 100, body);
      mostBytes = Math.max(mostBytes, lanes.heldBytes);
    }
    expect(mostBytes).toBeLessThanOrEqual(4 * 1024 * 1024);
    expect(mostBytes).toBeGreaterThan(3 * 1024 * 1024);
    expect(await countOf(engine, "pending")).toBe(3000);
    expect(lanes.states()).toMatchObject({ backlogged: 1 });
    gate.open();
    await eventually(async () => expect(await countOf(engine, "success")).toBe(3000));
    expect(new Set(receiver.requests.map(({ headers }) => headers["webhook-id"])).size).toBe(3000);
    expect(receiver.requests.length).toBe(3000);
    expect(lanes.heldBytes).toBe(0);
    expect(lanes.oldestDueAgeMs()).toBe(0);
  });

  test("a lane holds at most a thousand deliveries, however small", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    await engine.addDestination(source, receiver.url, { maxConcurrency: 4 });
    await accepted(engine, source, 1500);
    const [row] = await select<{ count: number }>(
      engine.store,
      "select count(*) as count from deliveries where claims > 0",
    );
    expect(row!.count).toBeLessThanOrEqual(1000 + 4);
    gate.open();
    await eventually(async () => expect(await countOf(engine, "success")).toBe(1500));
    expect(receiver.requests.length).toBe(1500);
  });
});
