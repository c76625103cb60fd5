import { expect, test } from "vitest";

import type { Store } from "../../src/db/store.ts";
import { runningMax } from "../../src/replay/limits.ts";
import { planReplay, type StartParts, startReplay } from "../../src/replay/start-replay.ts";
import { createTurns } from "../../src/replay/turns.ts";
import { acceptMany, progressOf, startBulk, untilReplay, withEvents } from "../support/bulk.ts";
import type { Engine } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";

/** What starting needs, and how often it has read by now. */
const partsOf = ({ store, clock, ids, table }: Engine, over: Partial<StartParts> = {}) => {
  const reads = { count: 0 };
  const list: Store["list"] = () => {
    reads.count += 1;
    return store.list();
  };
  const parts: StartParts = {
    store: { list, write: store.write.bind(store) },
    clock,
    ids,
    table,
    onStarted: () => {},
    inTurn: createTurns({ runningMax: 1, waitingMax: 1 }),
    lookedAtMax: 500_000,
    ...over,
  };
  return { parts, reads };
};

const all = { filter: {}, ratePerSecond: null };

test("a source with too many running replays is told so before anything is counted", async () => {
  const { engine, source } = await withEvents(1);
  await engine.replays.stop();
  for (let count = 0; count < runningMax; count += 1) await startBulk(engine, source);
  const { parts, reads } = partsOf(engine);
  expect(await startReplay(parts, engine.scope, source.id, all)).toEqual({ kind: "limit_reached", max: runningMax });
  expect(reads.count).toBe(1);
});

test("a count looks at no more events than it may, and the total grows as the replay gets further", async () => {
  await using receiver = await startReceiver();
  const { engine, source } = await withEvents(5_000);
  await acceptMany(engine, source, 300, { type: "rare" });
  await engine.addDestination(source, receiver.url, { eventFilter: ["rare"] });
  const { parts } = partsOf(engine, { lookedAtMax: 5_000 });
  expect(await planReplay(parts, engine.scope, source.id, {})).toMatchObject({ total: 5_000 });
  expect(await planReplay(parts, engine.scope, source.id, { eventType: "rare" })).toMatchObject({
    total: 0,
    sample: [],
  });
  const more = partsOf(engine, { lookedAtMax: 5_001 });
  expect(await planReplay(more.parts, engine.scope, source.id, {})).toMatchObject({ total: 5_300 });
  await engine.replays.stop();
  const started = await startReplay(parts, engine.scope, source.id, { ...all, filter: { eventType: "rare" } });
  if (started.kind !== "started") throw new Error(started.kind);
  expect(started.replay.total).toBe(0);
  expect((await progressOf(engine, started.replay)).total).toBe(0);
  await engine.replays.load();
  engine.replays.begin();
  expect(await untilReplay(engine, started.replay, "completed")).toMatchObject({ total: 300, queued: 300 });
});

test("counts beyond those that may run and wait are refused for now", async () => {
  const { engine, source } = await withEvents(3);
  const turns = createTurns({ runningMax: 1, waitingMax: 0 });
  const running = Promise.withResolvers<void>();
  const busy = turns(() => running.promise);
  const { parts } = partsOf(engine, { inTurn: turns });
  await expect(planReplay(parts, engine.scope, source.id, {})).rejects.toMatchObject({ code: "unavailable" });
  await expect(startReplay(parts, engine.scope, source.id, all)).rejects.toMatchObject({ code: "unavailable" });
  running.resolve();
  await busy;
  expect(await planReplay(parts, engine.scope, source.id, {})).toMatchObject({ total: 3 });
});
