import { sql } from "kysely";

import type { Store, Tx } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { QueueTables } from "./_rows.ts";
import { claimedDueMs, type DeliveryKey } from "./delivery.ts";

/** Which of these events still have deliveries that have not ended, or that a lane has in its hands. */
export const eventsWith = async (
  tx: Tx,
  which: "live" | "claimed",
  eventIds: readonly Id[],
): Promise<ReadonlySet<Id>> => {
  const ofEvents = tx
    .tables<QueueTables>()
    .selectFrom("deliveries")
    .select("event_id")
    .distinct()
    .where("event_id", "in", eventIds.map(idToBytes));
  const rows = await (
    which === "live" ? ofEvents.where("due_at_ms", "is not", null) : ofEvents.where("due_at_ms", "=", claimedDueMs)
  ).execute();
  return new Set(rows.map(({ event_id }) => idFromBytes(event_id)));
};

/** Removes all deliveries of events. */
export const removeDeliveriesOf = async (tx: Tx, eventIds: readonly Id[]): Promise<number> => {
  const removed = await tx
    .tables<QueueTables>()
    .deleteFrom("deliveries")
    .where("event_id", "in", eventIds.map(idToBytes))
    .executeTakeFirst();
  return Number(removed.numDeletedRows);
};

/** The event of each delivery that was ended because it had waited for too long, and what lanes hold of the others. */
export type Overdue = {
  readonly ended: readonly Id[];
  readonly held: readonly { readonly eventId: Id; readonly destinationId: Id }[];
};

/**
 * Ends the deliveries of events that have waited for too long; what a lane holds ends through the lane. Whoever calls
 * refreshes the status of the events in the same transaction.
 */
export const endOverdue = async (tx: Tx, eventIds: readonly Id[], nowMs: number): Promise<Overdue> => {
  const tables = tx.tables<QueueTables>();
  const keys = eventIds.map(idToBytes);
  const ended = await tables
    .updateTable("deliveries")
    .set({ status: "cancelled", reason: "expired", due_at_ms: null, ended_at_ms: nowMs })
    .where("event_id", "in", keys)
    .where("due_at_ms", "<", claimedDueMs)
    .returning("event_id")
    .execute();
  const held = await tables
    .selectFrom("deliveries")
    .select(["event_id", "destination_id"])
    .where("event_id", "in", keys)
    .where("due_at_ms", "=", claimedDueMs)
    .execute();
  return {
    ended: ended.map(({ event_id }) => idFromBytes(event_id)),
    held: held.map((row) => ({
      eventId: idFromBytes(row.event_id),
      destinationId: idFromBytes(row.destination_id),
    })),
  };
};

/** Deliveries that one read looks at: a few milliseconds of a reader. */
const lookedAtMax = 5_000;

/** What one step of a walk through all deliveries found, and where the next one goes on. Null: that was the end. */
export type Found = { readonly keys: readonly DeliveryKey[]; readonly next: DeliveryKey | null };

const before: DeliveryKey = { eventId: "00000000-0000-0000-0000-000000000000", deliveryId: "" };

const place = ({ eventId, deliveryId }: DeliveryKey) => sql`(${idToBytes(eventId)}, ${idToBytes(deliveryId)})`;

/**
 * Looks for the deliveries of some destinations among the next few thousand of all deliveries: there is no index that
 * names them, for it would cost every event, and destinations are rarely deleted.
 */
export const findDeliveriesTo = async (
  store: Pick<Store, "list">,
  destinationIds: readonly Id[],
  after: DeliveryKey | null,
): Promise<Found> => {
  const key = sql`(event_id, id)`;
  const rest = store
    .list<QueueTables>()
    .selectFrom("deliveries")
    .where(sql<boolean>`${key} > ${place(after ?? before)}`);
  const end = await rest
    .select(["event_id", "id"])
    .orderBy("event_id")
    .orderBy("id")
    .limit(1)
    .offset(lookedAtMax - 1)
    .executeTakeFirst();
  const next = end === undefined ? null : { eventId: idFromBytes(end.event_id), deliveryId: idFromBytes(end.id) };
  const look = next === null ? rest : rest.where(sql<boolean>`${key} <= ${place(next)}`);
  const rows = await look
    .select(["event_id", "id"])
    .where("destination_id", "in", destinationIds.map(idToBytes))
    .orderBy("event_id")
    .orderBy("id")
    .execute();
  return {
    keys: rows.map(({ event_id, id }) => ({ eventId: idFromBytes(event_id), deliveryId: idFromBytes(id) })),
    next,
  };
};

/** Ended deliveries of one event. */
export const findEndedOf = async (
  store: Pick<Store, "list">,
  eventId: Id,
  limit: number,
): Promise<readonly DeliveryKey[]> => {
  const rows = await store
    .list<QueueTables>()
    .selectFrom("deliveries")
    .select("id")
    .where("event_id", "=", idToBytes(eventId))
    .where("due_at_ms", "is", null)
    .limit(limit)
    .execute();
  return rows.map(({ id }) => ({ eventId, deliveryId: idFromBytes(id) }));
};

/** Whether a destination has deliveries that have not ended. */
export const hasLive = async (store: Pick<Store, "lookup">, destinationId: Id): Promise<boolean> => {
  const row = await store
    .lookup<QueueTables>()
    .selectFrom("deliveries")
    .select("event_id")
    .where("destination_id", "=", idToBytes(destinationId))
    .where("due_at_ms", "is not", null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
};

/** Removes single deliveries. Whoever calls refreshes the status of the events in the same transaction. */
export const removeDeliveries = async (tx: Tx, keys: readonly DeliveryKey[]): Promise<number> => {
  const removed = await tx
    .tables<QueueTables>()
    .deleteFrom("deliveries")
    .where(sql<boolean>`(event_id, id) in (values ${sql.join(keys.map(place))})`)
    .executeTakeFirst();
  return Number(removed.numDeletedRows);
};
