import type { Store } from "../db/store.ts";
import type { Event, EventOwner } from "../events/event.ts";
import { newestEventId } from "../events/newest.ts";
import { countSelected, type Stretch, walkEvents } from "../events/scan.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { RoutingTable } from "../routing/table.ts";
import { runningMax, sampleMax } from "./limits.ts";
import { countRunning, newReplay, record, type Recorded, type RecordParts } from "./record-replay.ts";
import type { ReplayFilter, ReplayScope } from "./replay.ts";
import { areOfSource } from "./routes.ts";
import type { InTurn } from "./turns.ts";

/** A bulk replay to be made. */
export type BulkWish = { readonly filter: ReplayFilter; readonly ratePerSecond: number | null };

/** What came of the wish for a bulk replay. */
export type BulkOutcome =
  | Recorded
  /** Some of the destinations named are not of this source. */
  | { readonly kind: "unknown_destination" };

/** What a bulk replay would take: how many events (as `total` of a replay), and the oldest of them. */
export type ReplayPlan =
  | { readonly kind: "planned"; readonly total: number; readonly sample: readonly Event[] }
  | { readonly kind: "unknown_destination" };

/** What planning and making bulk replays needs. */
export type StartParts = RecordParts & {
  readonly store: Pick<Store, "list" | "write">;
  readonly ids: Ids;
  readonly table: RoutingTable;
  /** Counting takes a reader for a while, so only some do it at once. */
  readonly inTurn: InTurn;
  /** Events that one count looks at. */
  readonly lookedAtMax: number;
};

const knowsDestinations = ({ table }: StartParts, sourceId: Id, { destinationIds }: ReplayFilter): boolean =>
  destinationIds === undefined || areOfSource(table, sourceId, destinationIds);

/**
 * The point up to which everything is stored that will ever have a lower id: ids of events are given while the writer is
 * held, as it is here. Where several processes write, their clocks differ a little: what is stored counts in any case.
 */
export const stablePoint = ({ store, ids }: StartParts): Promise<Id> =>
  store.write(async (tx) => {
    const newest = await newestEventId(tx);
    const next = ids.next();
    return newest !== null && newest > next ? newest : next;
  });

/** The oldest events: as many as `limit`, of which so many were counted. */
const sampleOf = async (
  { store }: Pick<StartParts, "store">,
  owner: EventOwner,
  filter: ReplayFilter,
  stretch: Stretch & { readonly limit: number },
): Promise<readonly Event[]> => {
  const sample: Event[] = [];
  for (let { after } = stretch; sample.length < stretch.limit;) {
    const limit = stretch.limit - sample.length;
    const { events, next } = await walkEvents(store, owner, filter, { ...stretch, after, limit });
    sample.push(...events);
    if (next === null) break;
    after = next;
  }
  return sample;
};

/** Finds out what a bulk replay would take, and sends nothing. */
export const planReplay = async (
  parts: StartParts,
  scope: ReplayScope,
  sourceId: Id,
  filter: ReplayFilter,
): Promise<ReplayPlan> => {
  if (!knowsDestinations(parts, sourceId, filter)) return { kind: "unknown_destination" };
  const owner = { ...scope, sourceId };
  const whole: Stretch = { after: null, through: await stablePoint(parts) };
  return parts.inTurn(async () => {
    const { store, lookedAtMax } = parts;
    const total = await countSelected(store, owner, filter, { ...whole, lookedAtMax });
    const sample = await sampleOf(parts, owner, filter, { ...whole, limit: Math.min(total, sampleMax) });
    return { kind: "planned", total, sample };
  });
};

/** Makes a bulk replay of everything that is stored by now. It runs beside live traffic. */
export const startReplay = async (
  parts: StartParts,
  scope: ReplayScope,
  sourceId: Id,
  { filter, ratePerSecond }: BulkWish,
): Promise<BulkOutcome> => {
  if (!knowsDestinations(parts, sourceId, filter)) return { kind: "unknown_destination" };
  const { store, ids, inTurn, lookedAtMax } = parts;
  const { teamId, envId } = scope;
  // Before anything is counted; decided once more where it is written.
  if ((await countRunning(store.list(), sourceId)) >= runningMax) return { kind: "limit_reached", max: runningMax };
  const upperId = await stablePoint(parts);
  const stretch = { after: null, through: upperId, lookedAtMax };
  const total = await inTurn(() => countSelected(store, { ...scope, sourceId }, filter, stretch));
  const open = newReplay({ id: ids.next(), teamId, envId, sourceId, road: null, filter, ratePerSecond, upperId });
  return record(parts, open, total);
};
