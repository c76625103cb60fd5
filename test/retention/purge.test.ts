import { describe, expect, test } from "vitest";

import type { Id } from "../../src/lib/ids.ts";
import { claimedDueMs } from "../../src/queue/delivery.ts";
import { deleteDestination } from "../../src/routing/delete-destination.ts";
import { deleteSource } from "../../src/routing/delete-source.ts";
import type { Destination } from "../../src/routing/destination.ts";
import type { Source } from "../../src/routing/source.ts";
import { acceptMany, startBulk, untilReplay } from "../support/bulk.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { startReceiver } from "../support/receiver.ts";
import { reachInto, select } from "../support/store.ts";

const tables = ["sources", "destinations", "connections", "events", "payloads", "deliveries", "attempts", "replays"];

const rowsIn = async ({ store }: Engine): Promise<Record<string, number>> => {
  const counts = tables.map((table) => `(select count(*) from ${table}) as ${table}`);
  const [row] = await select<Record<string, number>>(store, `select ${counts.join(", ")}`);
  return row!;
};

const rows = (counts: Record<string, number>): Record<string, number> => ({
  ...Object.fromEntries(tables.map((table) => [table, 0])),
  ...counts,
});

const dropDestination = async (engine: Engine, { id: sourceId }: Source, { id: destinationId }: Destination) => {
  await deleteDestination(engine.routing, engine.scope, { sourceId, destinationId });
  await engine.delivery.cancel({
    destinationId,
    enablingBelow: Number.MAX_SAFE_INTEGER,
    reason: "destination_deleted",
  });
};

const untilAll = async (engine: Engine, events: readonly Id[], status: "succeeded" | "failed"): Promise<void> => {
  for (const id of events) await engine.until(id, status);
};

describe("a deleted source", () => {
  test("leaves nothing, however much there was, and others keep what is theirs", { timeout: 120_000 }, async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    const other = await engine.addSource();
    for (const each of [source, source, other]) await engine.addDestination(each, receiver.url);
    const events = await acceptMany(engine, source, 450);
    const kept = await acceptMany(engine, other, 3);
    await untilAll(engine, [...events, ...kept], "succeeded");
    await untilReplay(engine, await startBulk(engine, source), "completed");
    await deleteSource(engine.routing, engine.scope, source.id);
    expect(await engine.housekeeping.runOnce()).toMatchObject({
      events: 450,
      deliveries: 1_800,
      attempts: 1_800,
      replays: 1,
      sources: 1,
      destinations: 2,
      connections: 2,
    });
    const left = { sources: 1, destinations: 1, connections: 1, events: 3, payloads: 3, deliveries: 3, attempts: 3 };
    expect(await rowsIn(engine)).toEqual(rows(left));
  });

  test("keeps an event whose delivery is under way until its outcome is recorded", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, { maxConcurrency: 1 });
    await acceptMany(engine, source, 3);
    await eventually(() => expect(gate.waiting).toBe(1));
    await deleteSource(engine.routing, engine.scope, source.id);
    await engine.delivery.cancel({
      destinationId: destination.id,
      enablingBelow: Number.MAX_SAFE_INTEGER,
      reason: "destination_deleted",
    });
    await eventually(async () => {
      await engine.housekeeping.runOnce();
      expect(await rowsIn(engine)).toEqual(
        rows({ sources: 1, destinations: 1, events: 1, payloads: 1, deliveries: 1 }),
      );
    });
    gate.open();
    await eventually(async () => {
      await engine.housekeeping.runOnce();
      expect(await rowsIn(engine)).toEqual(rows({}));
    });
  });
});

describe("a deleted destination", () => {
  test("takes its deliveries and attempts with it, and the events are what the others made of them", async () => {
    await using receiver = await startReceiver();
    await using broken = await startReceiver({ status: 500 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, broken.url, { retryScheduleSeconds: [] });
    await engine.addDestination(source, receiver.url);
    const events = await acceptMany(engine, source, 5);
    await untilAll(engine, events, "failed");
    await dropDestination(engine, source, destination);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ deliveries: 5, attempts: 5, destinations: 1 });
    expect(await rowsIn(engine)).toMatchObject({ destinations: 1, deliveries: 5, attempts: 5, events: 5 });
    for (const id of events) expect((await engine.story(id)).status).toBe("succeeded");
  });

  test("waits for a delivery that is under way, and for nothing else", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, { maxConcurrency: 1 });
    const [first] = await acceptMany(engine, source, 4);
    await eventually(() => expect(gate.waiting).toBe(1));
    await dropDestination(engine, source, destination);
    expect(await engine.housekeeping.runOnce()).toMatchObject({ deliveries: 0, destinations: 0 });
    gate.open();
    await eventually(async () => expect((await engine.story(first!)).deliveries[0]!.status).toBe("success"));
    expect(await engine.housekeeping.runOnce()).toMatchObject({ deliveries: 4, attempts: 1, destinations: 1 });
    expect(await rowsIn(engine)).toEqual(rows({ sources: 1, events: 4, payloads: 4 }));
    expect((await engine.story(first!)).status).toBe("received");
  });

  test("that a crash kept from being cleared is cleared by the next process", async () => {
    await using receiver = await startReceiver({ status: 500 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url);
    await acceptMany(engine, source, 130);
    await receiver.waitFor(130);
    await eventually(async () => {
      const due = await select(engine.store, "select 1 from deliveries where attempts = 1");
      expect(due).toHaveLength(130);
    });
    await deleteDestination(engine.routing, engine.scope, { sourceId: source.id, destinationId: destination.id });
    await engine.stop();
    const later = await startEngine({ directory: engine.directory });
    expect(await later.housekeeping.runOnce()).toMatchObject({ deliveries: 130, attempts: 130, destinations: 1 });
    expect(await rowsIn(later)).toEqual(rows({ sources: 1, events: 130, payloads: 130 }));
  });

  test("is cleared by the next process also of what was claimed for it at a crash", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, { maxConcurrency: 1 });
    await acceptMany(engine, source, 4);
    await eventually(() => expect(gate.waiting).toBe(1));
    await deleteDestination(engine.routing, engine.scope, { sourceId: source.id, destinationId: destination.id });
    await engine.stop();
    await reachInto(
      engine.directory,
      `update deliveries set due_at_ms = ${claimedDueMs}, claims = 1 where status = 'pending'`,
    );
    const later = await startEngine({ directory: engine.directory });
    expect(await later.housekeeping.runOnce()).toMatchObject({ deliveries: 4, destinations: 1 });
    expect(await rowsIn(later)).toEqual(rows({ sources: 1, events: 4, payloads: 4 }));
  });

  test("is found among more deliveries than one read looks at", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, { eventFilter: ["rare"] });
    const other = await engine.addDestination(source, receiver.url, { eventFilter: ["plain"], maxConcurrency: 128 });
    const rare = [...(await acceptMany(engine, source, 2, { type: "rare" }))];
    const plain = await acceptMany(engine, source, 5_100, { type: "plain" });
    rare.push(...(await acceptMany(engine, source, 2, { type: "rare" })));
    await untilAll(engine, [...rare, plain.at(-1)!], "succeeded");
    await dropDestination(engine, source, destination);
    await engine.change(source, other, { enabled: false });
    expect(await engine.housekeeping.runOnce()).toMatchObject({ deliveries: 4, attempts: 4, destinations: 1 });
    expect(await rowsIn(engine)).toMatchObject({ deliveries: 5_100 });
  });
});
