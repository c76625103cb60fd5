import { sql } from "kysely";

import type { Tx } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import type { DeliveryKey } from "../queue/delivery.ts";
import type { DeliveryTables } from "./_rows.ts";

/** Removes the attempts of all deliveries of events. */
export const removeAttemptsOf = async (tx: Tx, eventIds: readonly Id[]): Promise<number> => {
  const removed = await tx
    .tables<DeliveryTables>()
    .deleteFrom("attempts")
    .where("event_id", "in", eventIds.map(idToBytes))
    .executeTakeFirst();
  return Number(removed.numDeletedRows);
};

/** Removes the attempts of single deliveries. */
export const removeAttempts = async (tx: Tx, keys: readonly DeliveryKey[]): Promise<number> => {
  const places = keys.map(({ eventId, deliveryId }) => sql`(${idToBytes(eventId)}, ${idToBytes(deliveryId)})`);
  const removed = await tx
    .tables<DeliveryTables>()
    .deleteFrom("attempts")
    .where(sql<boolean>`(event_id, delivery_id) in (values ${sql.join(places)})`)
    .executeTakeFirst();
  return Number(removed.numDeletedRows);
};
