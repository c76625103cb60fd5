import type { Id } from "../../src/lib/ids.ts";
import type { Replay, ReplayStatus } from "../../src/replay/replay.ts";
import type { BulkWish } from "../../src/replay/start-replay.ts";
import type { Source } from "../../src/routing/source.ts";
import { type Engine, eventually, startEngine } from "./engine.ts";
import type { ReceivedRequest } from "./receiver.ts";
import { select } from "./store.ts";

/** Stores events, oldest first; their bodies count up from `first`. */
export const acceptMany = async (
  engine: Engine,
  source: Source,
  count: number,
  { type = "order.created", first = 0 }: { type?: string; first?: number } = {},
): Promise<Id[]> => {
  const bodies = Array.from({ length: count }, (_, at) => JSON.stringify({ type, number: first + at }));
  const ids = await Promise.all(bodies.map((body) => engine.accept(source, { body })));
  return ids.toSorted();
};

/** A bulk replay of a source, by default of everything as fast as it goes. */
export const startBulk = async (engine: Engine, source: Source, wish: Partial<BulkWish> = {}): Promise<Replay> => {
  const started = await engine.replays.start(engine.scope, source.id, { filter: {}, ratePerSecond: null, ...wish });
  if (started.kind !== "started") throw new Error(started.kind);
  return started.replay;
};

/** How a bulk replay stands now. */
export const progressOf = async (engine: Engine, { sourceId, id: replayId }: Replay): Promise<Replay> =>
  (await engine.replays.get(engine.scope, { sourceId, replayId }))!;

/** Waits until a bulk replay has come to this status. */
export const untilReplay = (engine: Engine, replay: Replay, status: ReplayStatus): Promise<Replay> =>
  eventually(async () => {
    const now = await progressOf(engine, replay);
    if (now.status === status) return now;
    throw new Error(`the replay is ${now.status}, not ${status}: ${JSON.stringify(now)}`);
  });

/** Deliveries that bulk replays made. */
export type ReplayedRow = { readonly event: string; readonly status: string; readonly reason: string | null };

export const replayedRows = ({ store }: Engine): Promise<readonly ReplayedRow[]> =>
  select<ReplayedRow>(
    store,
    "select hex(event_id) as event, status, reason from deliveries where replay_id is not null order by event_id, id",
  );

/** A source with events that have gone nowhere. */
export const withEvents = async (count: number): Promise<{ engine: Engine; source: Source; ids: readonly Id[] }> => {
  const engine = await startEngine();
  const source = await engine.addSource();
  return { engine, source, ids: await acceptMany(engine, source, count) };
};

/** Which event a request carries. */
export const numberOf = ({ body }: ReceivedRequest): number => Number(JSON.parse(body.toString()).number);

/** Ids as the store shows them. */
export const bare = (ids: readonly Id[]): string[] => ids.map((id) => id.replaceAll("-", "").toUpperCase());
