import { sql } from "kysely";

import type { Row } from "../db/held-rows.ts";
import { type Operation, rawStatement, updateStatement } from "../db/statement.ts";
import type { Tx } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";

/** The rule of `EventStatus`, in the commit that changes a delivery. */
const refreshSql = (which: string): string =>
  `update events set status = (
     select case
       when count(case when d.status = 'pending' then 1 end) > 0 then 'forwarding'
       when count(case when d.status in ('failed', 'cancelled') then 1 end) > 0 then 'failed'
       when count(*) > 0 then 'succeeded'
       else 'received' end
     from deliveries d where d.event_id = events.id and d.newest = 1
   ) ${which}`;

const refresh = rawStatement(refreshSql("where id = ?"), {
  together: refreshSql("from input where id = input.v1"),
  // Two processes may end two deliveries of one event at the same time: each would see the other's pending.
  holds: "events",
  parameters: ["id"],
  returns: false,
});

const release = updateStatement({
  table: "events",
  match: { id: "id" },
  set: { signature_valid: "integer", signature_reason: "text", quarantined: "integer" },
});

/** What recomputing the status of an event changes. */
export const statusRow = (eventId: Id): Row => ({ table: "events", key: { id: eventId } });

/** Recomputes the status of these events. Comes after the operations that changed their deliveries. */
export const refreshStatusOperation = (eventIds: Iterable<Id>): Operation => ({
  statement: refresh,
  rows: [...new Set(eventIds)].toSorted().map((id) => [id]),
});

/** The same inside a transaction. */
export const refreshStatuses = async (tx: Tx, eventIds: Iterable<Id>): Promise<void> => {
  const ids = [...new Set(eventIds)].map(idToBytes);
  if (ids.length === 0) return;
  await tx.holdRows("events", ids.toSorted(Buffer.compare));
  // One statement: each is a round trip to the writer's thread, which everybody else waits for.
  const which = sql`where id in (${sql.join(ids)})`;
  await sql`${sql.raw(refreshSql(""))} ${which}`.execute(tx.tables<EventTables>());
};

/** Records that events were found to be validly signed after all. */
export const releaseOperation = (eventIds: readonly Id[]): Operation => ({
  statement: release,
  rows: eventIds.map((id) => [id, 1, "ok", 0]),
});
