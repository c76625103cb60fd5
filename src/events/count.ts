import { type Operation, rawStatement } from "../db/statement.ts";
import type { Tx } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";
import type { Event } from "./event.ts";

const growSql = (values: string, later: string): string =>
  `insert into source_counts (source_id, slot, events, last_event_at_ms) ${values}
   on conflict (source_id, slot) do update set events = source_counts.events + excluded.events,
     last_event_at_ms = ${later}(source_counts.last_event_at_ms, excluded.last_event_at_ms)`;

const grow = rawStatement(growSql("values (?, ?, ?, ?)", "max"), {
  together: growSql("select v1, v2, v3, v4 from input order by v1, v2", "greatest"),
  keyColumns: 2,
  parameters: ["id", "integer", "integer", "integer"],
  returns: false,
});

/**
 * Counts events in the commit that stores them: one row for each source. Commits that are under way at the same time use
 * different slots, so that none waits for the other.
 */
export const countOperation = (
  events: readonly Pick<Event, "sourceId" | "receivedAtMs">[],
  slot: number,
): Operation => {
  const counts = new Map<Id, { events: number; lastEventAtMs: number }>();
  for (const { sourceId, receivedAtMs } of events) {
    const count = counts.get(sourceId);
    if (count === undefined) counts.set(sourceId, { events: 1, lastEventAtMs: receivedAtMs });
    else {
      count.events += 1;
      count.lastEventAtMs = Math.max(count.lastEventAtMs, receivedAtMs);
    }
  }
  return {
    statement: grow,
    rows: [...counts].map(([sourceId, count]) => [sourceId, slot, count.events, count.lastEventAtMs]),
  };
};

/** Forgets how many events these sources had: they are gone. */
export const removeEventCounts = async (tx: Tx, sourceIds: readonly Id[]): Promise<void> => {
  if (sourceIds.length === 0) return;
  await tx
    .tables<EventTables>()
    .deleteFrom("source_counts")
    .where("source_id", "in", sourceIds.map(idToBytes))
    .execute();
};
