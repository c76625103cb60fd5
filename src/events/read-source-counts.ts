import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";

/** How many events a source has stored, and when the last one came, Unix milliseconds. */
export type SourceCount = { readonly events: number; readonly lastEventAtMs: number | null };

/** What is counted of a source that never had an event. */
export const noEvents: SourceCount = { events: 0, lastEventAtMs: null };

/** The counts of these sources; those without events are left out. */
export const readSourceCounts = async (
  store: Pick<Store, "lookup">,
  sourceIds: readonly Id[],
): Promise<ReadonlyMap<Id, SourceCount>> => {
  if (sourceIds.length === 0) return new Map();
  const rows = await store
    .lookup<EventTables>()
    .selectFrom("source_counts")
    .select(["source_id", "events", "last_event_at_ms"])
    .where("source_id", "in", sourceIds.map(idToBytes))
    .execute();
  const counts = new Map<Id, SourceCount>();
  for (const row of rows) {
    const id = idFromBytes(row.source_id);
    const { events, lastEventAtMs } = counts.get(id) ?? noEvents;
    counts.set(id, {
      events: events + row.events,
      lastEventAtMs: Math.max(lastEventAtMs ?? row.last_event_at_ms, row.last_event_at_ms),
    });
  }
  return counts;
};
