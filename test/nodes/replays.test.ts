import { expect, test } from "vitest";

import { runningMax } from "../../src/replay/limits.ts";
import { acceptMany, startBulk } from "../support/bulk.ts";
import { type Engine, startEngine } from "../support/engine.ts";
import { freshDirectory } from "../support/store.ts";

/** Two engines on one database whose replays stand still: a test says what becomes of them. */
const startTwo = async (): Promise<readonly [Engine, Engine]> => {
  const directory = freshDirectory();
  const engines = [await startEngine({ directory }), await startEngine({ directory })] as const;
  for (const engine of engines) await engine.replays.stop();
  return engines;
};

test("a bulk replay that one node cancelled is cancelled for the lanes of another", async () => {
  const [a, b] = await startTwo();
  const source = await a.addSource();
  await acceptMany(a, source, 3);
  await b.store.freshen();
  const replay = await startBulk(a, source);
  await b.replays.cancel(b.scope, { sourceId: source.id, replayId: replay.id });
  expect(b.replays.isCancelled(replay.id)).toBe(true);
  await expect.poll(() => a.replays.isCancelled(replay.id), { timeout: 5_000 }).toBe(true);
});

test("what two nodes start at once is bounded together", async () => {
  const [a, b] = await startTwo();
  const source = await a.addSource();
  await acceptMany(a, source, 1);
  await b.store.freshen();
  const wish = { filter: {}, ratePerSecond: null };
  const started = await Promise.all(
    Array.from({ length: runningMax + 4 }, (_, index) =>
      (index % 2 === 0 ? a : b).replays.start(a.scope, source.id, wish),
    ),
  );
  expect(started.filter(({ kind }) => kind === "started")).toHaveLength(runningMax);
});

test("a replay takes what was stored before it, whichever node stored it and whatever its clock says", async () => {
  const [a, b] = await startTwo();
  const source = await a.addSource();
  await b.store.freshen();
  b.clock.advance(60_000);
  await acceptMany(b, source, 3);
  expect(await startBulk(a, source)).toMatchObject({ total: 3 });
});
