import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { bare, progressOf, replayedRows, startBulk, untilReplay, withEvents } from "../support/bulk.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { copyDatabase, isPostgres } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory } from "../support/store.ts";

describe("after a crash", () => {
  /** What a crash would leave at this moment, as a directory of its own. */
  const snapshot = async (engine: Engine): Promise<string> => {
    const directory = freshDirectory();
    if (isPostgres) {
      await copyDatabase(engine.directory, directory);
      return directory;
    }
    const target = join(directory, "copy.db");
    await engine.store.backup(target);
    mkdirSync(join(directory, "data"));
    copyFileSync(target, join(directory, "data", "postern.db"));
    return join(directory, "data");
  };

  test("a bulk replay goes on where it was, at whatever moment, and neither loses nor repeats an event", async () => {
    await using receiver = await startReceiver();
    const { engine, source, ids } = await withEvents(250);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 64 });
    await engine.addDestination(source, receiver.url, { maxConcurrency: 64 });
    const replay = await startBulk(engine, source, { ratePerSecond: 400 });
    const crashes: string[] = [];
    while ((await progressOf(engine, replay)).status === "running") {
      crashes.push(await snapshot(engine));
    }
    await engine.stop();
    const queued: number[] = [];
    const spread = [0.1, 0.3, 0.5, 0.9].map((share) => crashes[Math.floor(share * crashes.length)]!);
    for (const directory of new Set(spread)) {
      const later = await startEngine({ directory });
      queued.push((await progressOf(later, replay)).queued);
      expect(await untilReplay(later, replay, "completed")).toMatchObject({ total: 250, queued: 250, skipped: 0 });
      const rows = await replayedRows(later);
      expect(rows.map(({ event }) => event)).toEqual(bare(ids).flatMap((id) => [id, id]));
      await later.stop();
    }
    // It was cut off half way at least once.
    expect(queued.some((count) => count < 250)).toBe(true);
  });

  test("what was cancelled is not sent, though nothing of it had ended", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source } = await withEvents(50);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 2 });
    const replay = await startBulk(engine, source);
    await eventually(() => expect(gate.waiting).toBe(1));
    await engine.replays.stop();
    await engine.replays.cancel(engine.scope, { sourceId: source.id, replayId: replay.id });
    const directory = await snapshot(engine);
    gate.open();
    await engine.stop();
    const sent = receiver.requests.length;
    const later = await startEngine({ directory });
    await eventually(async () => expect((await progressOf(later, replay)).cancelled).toBe(50));
    await eventually(() => expect(later.replays.isCancelled(replay.id)).toBe(false));
    await later.roundTrip();
    expect(receiver.requests).toHaveLength(sent);
  });
});

describe("a bulk replay outlives a store", () => {
  test("that cannot be written for a while", async () => {
    await using receiver = await startReceiver();
    const { engine, source, ids } = await withEvents(40);
    await engine.addDestination(source, receiver.url);
    const replay = await startBulk(engine, source, { ratePerSecond: 40 });
    await receiver.waitFor(10);
    await engine.writer.breakDown();
    await eventually(() => expect(engine.log.entries().some(({ task }) => task === "replay events")).toBe(true));
    await engine.writer.mend();
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ queued: 40, succeeded: 40 });
    expect((await replayedRows(engine)).map(({ event }) => event)).toEqual(bare(ids));
  });

  test("whose writer dies while it runs, be it before a commit or after it", async () => {
    await using receiver = await startReceiver();
    const { engine, source, ids } = await withEvents(400);
    await engine.addDestination(source, receiver.url, { maxConcurrency: 64 });
    const replay = await startBulk(engine, source);
    await receiver.waitFor(1);
    await engine.writer.kill();
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ total: 400, skipped: 0 });
    expect((await replayedRows(engine)).map(({ event }) => event)).toEqual(bare(ids));
  });
});
