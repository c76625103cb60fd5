import { type Operation, type OperationResult, rawStatement } from "../db/statement.ts";
import { type Id, idFromBytes } from "../lib/ids.ts";
import { asDeliveryRow } from "./_rows.ts";

const drop = rawStatement(
  `delete from deliveries where event_id = ?
     and not exists (select 1 from events where events.id = deliveries.event_id)
   returning event_id`,
  {
    together: `delete from deliveries using input where event_id = input.v1
       and not exists (select 1 from events where events.id = deliveries.event_id)
     returning event_id`,
    // Retention holds what it removes, and is waited for.
    holds: "events",
    parameters: ["id"],
    returns: true,
  },
);

/**
 * Takes back deliveries that were just added to events which are gone: whoever replays an event reads it before the
 * commit, and retention may come between.
 */
export const dropOrphansOperation = (eventIds: Iterable<Id>): Operation => ({
  statement: drop,
  rows: [...new Set(eventIds)].map((id) => [id]),
});

/** The events that turned out to be gone. */
export const readOrphaned = (result: OperationResult | undefined): ReadonlySet<Id> =>
  new Set((result?.rows ?? []).map((row) => idFromBytes(asDeliveryRow(row).event_id)));
