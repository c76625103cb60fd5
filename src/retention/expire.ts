import type { Store } from "../db/store.ts";
import { isOverdue, keptSinceMs, quarantineDays } from "../events/keeping.ts";
import { type Expired, findExpired } from "../events/retention.ts";
import { refreshStatuses } from "../events/status.ts";
import type { Clock } from "../lib/clock.ts";
import { type Id, idTimeMs } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import { endOverdue } from "../queue/remove.ts";
import type { RoutingTable } from "../routing/table.ts";
import { batchesOf } from "./batches.ts";
import { removeAll } from "./remove-events.ts";
import type { Run } from "./run.ts";

/** What it takes to remove what has been kept for long enough. */
export type ExpireParts = {
  readonly store: Pick<Store, "list" | "write" | "writeBeside">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly table: Pick<RoutingTable, "sources">;
  readonly observer: Pick<Observer, "deliveryEnded">;
  /** Some of what a lane holds is wanted no more. */
  readonly wake: (destinationId: Id) => void;
  /** Gets the events that have waited for too long and of which lanes still hold deliveries: whoever asks ends these. */
  readonly overdue: Set<Id>;
};

/** Events that are looked at in one go. */
const lookedAtMax = 200;

/** A walk through the events of a source that have been kept for long enough, oldest first. */
type Walk = { readonly sourceId: Id; readonly days: number; readonly quarantinedOnly: boolean; after: Id | null };

/** Sources come with events later than they were made: most have nothing to look for. */
const walksOf = ({ table, clock }: ExpireParts): Walk[] =>
  [...table.sources()].flatMap(({ source: { id: sourceId, retentionDays, createdAtMs } }) => {
    const walks: Walk[] = [
      { sourceId, days: retentionDays, quarantinedOnly: false, after: null },
      { sourceId, days: quarantineDays, quarantinedOnly: true, after: null },
    ];
    const nowMs = clock.nowMs();
    return walks.filter(
      ({ days, quarantinedOnly }) =>
        createdAtMs < keptSinceMs(days, nowMs) && !(quarantinedOnly && retentionDays <= quarantineDays),
    );
  });

/** Ends what events still wait for that have waited for the days of grace as well. */
const endAwaited = async (
  { store, clock, observer, wake, overdue }: ExpireParts,
  run: Run,
  events: readonly Expired[],
): Promise<void> => {
  for (const batch of batchesOf(events)) {
    if (run.isOver()) return;
    const ids = batch.map(({ id }) => id);
    const { ended, held } = await run.paced(() =>
      store.write(async (tx) => {
        const found = await endOverdue(tx, ids, clock.nowMs());
        await refreshStatuses(tx, found.ended);
        return found;
      }),
    );
    if (ended.length > 0) {
      observer.deliveryEnded({ status: "cancelled", reason: "expired", deliveries: ended.length });
    }
    for (const { eventId } of held) overdue.add(eventId);
    for (const destinationId of new Set(held.map((each) => each.destinationId))) wake(destinationId);
  }
};

/** Goes one step on. Gives whether there may be more. */
const step = async (parts: ExpireParts, run: Run, walk: Walk): Promise<boolean> => {
  const { store, clock } = parts;
  const { sourceId, days, quarantinedOnly, after } = walk;
  const nowMs = clock.nowMs();
  const beforeMs = keptSinceMs(days, nowMs);
  const events = await findExpired(store, { sourceId, beforeMs, quarantinedOnly, after, limit: lookedAtMax });
  const overdue = events.filter(({ id, isAwaited }) => isAwaited && isOverdue(idTimeMs(id), days, nowMs));
  await endAwaited(parts, run, overdue);
  // An event with a delivery that has not ended stays until that ends, at most for the days of grace.
  const going = events.filter((event) => !event.isAwaited || overdue.includes(event));
  await removeAll(parts, run, going, "live");
  walk.after = events.at(-1)?.id ?? null;
  return events.length === lookedAtMax;
};

/**
 * Removes the events that have been kept for as long as their source wants, and those without a valid signature after
 * a week. Sources take turns, so that none waits for the backlog of another. Gives whether it got through.
 */
export const expireEvents = async (parts: ExpireParts, run: Run): Promise<boolean> => {
  parts.overdue.clear();
  for (let walks = walksOf(parts); walks.length > 0;) {
    const unfinished: Walk[] = [];
    for (const walk of walks) {
      if (run.isOver()) return false;
      if (await step(parts, run, walk)) unfinished.push(walk);
    }
    walks = unfinished;
  }
  return true;
};
