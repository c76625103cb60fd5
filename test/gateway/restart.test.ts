import { describe, expect, test } from "vitest";

import { openCore } from "../../src/app/core.ts";
import { loadConfig } from "../../src/config.ts";
import { appendOperations } from "../../src/events/append.ts";
import { listEvents } from "../../src/events/list.ts";
import { updateSource } from "../../src/routing/update-source.ts";
import { acceptMany, progressOf, startBulk, untilReplay } from "../support/bulk.ts";
import { captureLog } from "../support/captured-log.ts";
import { createTestClock } from "../support/clock.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";
import { committer, newEvent, newPayload } from "../support/records.ts";
import { freshDirectory, select } from "../support/store.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Stops a process, moves the wall clock, and starts the next one on what that left. */
const restart = async (engine: Engine, byMs: number): Promise<Engine> => {
  await engine.stop();
  engine.clock.jump(byMs);
  return startEngine({ directory: engine.directory, clock: engine.clock });
};

describe("a process that starts with its clock behind", () => {
  test("lists what it takes first, and replays all that is stored", async () => {
    await using receiver = await startReceiver();
    const first = await startEngine();
    const source = await first.addSource();
    await first.addDestination(source, receiver.url);
    const old = await acceptMany(first, source, 5);
    for (const id of old) await first.until(id, "succeeded");

    const next = await restart(first, -hourMs);
    const replay = await startBulk(next, source);
    expect(replay.total).toBe(5);
    await untilReplay(next, replay, "completed");
    const fresh = await acceptMany(next, source, 2);
    const listed = await listEvents(next.store, { ...next.scope, sourceId: source.id }, {}, { limit: 10, offset: 0 });
    expect(listed.map(({ id }) => id)).toEqual([...old, ...fresh].toReversed());
  });

  test("keeps what it takes out of a bulk replay that was made before", async () => {
    const first = await startEngine();
    const source = await first.addSource();
    await acceptMany(first, source, 1);
    first.clock.advance(hourMs);
    const replay = await startBulk(first, source);
    const next = await restart(first, -30 * minuteMs);
    const [fresh] = await acceptMany(next, source, 1);
    expect(fresh! > replay.id).toBe(true);
    expect((await progressOf(next, replay)).total).toBe(1);
  });

  test("goes on from the ids of its store", async () => {
    const loaded = loadConfig({ DATA_DIR: freshDirectory() });
    if (!loaded.ok) throw new Error(loaded.problems.join("; "));
    const clock = createTestClock();
    const overrides = { clock, processMetrics: false, logSink: captureLog() };
    const first = await openCore(loaded.config, overrides);
    expect(first.newestAtOpenMs).toBe(0);
    const last = newEvent({ id: first.ids.next() });
    await committer(first.store)(...appendOperations([{ event: last, payload: newPayload() }]));
    await first.close();

    clock.jump(-hourMs);
    const next = await openCore(loaded.config, overrides);
    const id = next.ids.next();
    await next.close();
    expect(id > last.id).toBe(true);
  });
});

describe("a process that starts with its clock far ahead", () => {
  test("removes nothing, and goes on to remove nothing once that is set right", async () => {
    const first = await startEngine();
    const source = await first.addSource({ retentionDays: 30 });
    await acceptMany(first, source, 3);
    const next = await restart(first, 400 * dayMs);
    expect(await next.housekeeping.runOnce()).toMatchObject({ events: 0 });
    next.clock.advance(30 * minuteMs);
    next.clock.jump(-400 * dayMs);
    expect(await next.housekeeping.runOnce()).toMatchObject({ events: 0 });
    next.clock.advance(2 * hourMs);
    expect(await next.housekeeping.runOnce()).toMatchObject({ events: 0 });
  });

  test("does not take the events that come meanwhile for a proof", async () => {
    const first = await startEngine();
    const source = await first.addSource({ retentionDays: 30 });
    await acceptMany(first, source, 3);
    const next = await restart(first, 400 * dayMs);
    await acceptMany(next, source, 1);
    expect(await next.housekeeping.runOnce()).toMatchObject({ events: 0 });
  });

  test("keeps rotated secrets and bulk replays", async () => {
    const first = await startEngine();
    const source = await first.addSource({ signingSecret: "old", signingHeader: "x-signature" });
    await updateSource(first.routing, first.scope, source.id, { signingSecret: "new" });
    await acceptMany(first, source, 1);
    await untilReplay(first, await startBulk(first, source), "completed");
    const next = await restart(first, 400 * dayMs);
    expect(await next.housekeeping.runOnce()).toMatchObject({ secrets: 0, replays: 0 });
    expect(await select(next.store, "select 1 as kept from sources where previous_secret is not null")).toHaveLength(1);
  });
});

test("a process that was off for a month removes what has been kept for long enough, an hour after its start", async () => {
  const first = await startEngine();
  const source = await first.addSource({ retentionDays: 7, signingSecret: "old", signingHeader: "x-signature" });
  await updateSource(first.routing, first.scope, source.id, { signingSecret: "new" });
  await acceptMany(first, source, 3);
  const next = await restart(first, 30 * dayMs);
  expect(await next.housekeeping.runOnce()).toMatchObject({ events: 0, secrets: 0 });
  next.clock.advance(hourMs);
  expect(await next.housekeeping.runOnce()).toMatchObject({ events: 3, secrets: 1 });
});

test("a process that starts again at once goes on removing", async () => {
  const first = await startEngine();
  const source = await first.addSource({ retentionDays: 7 });
  await acceptMany(first, source, 3);
  first.clock.advance(8 * dayMs);
  await acceptMany(first, source, 1);
  const next = await restart(first, 0);
  expect(await next.housekeeping.runOnce()).toMatchObject({ events: 3 });
});
