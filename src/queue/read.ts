import type { Store } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import { fromDeliveryRow, type QueueTables } from "./_rows.ts";
import { claimedDueMs, type Delivery } from "./delivery.ts";

/** The newest deliveries of one event, oldest first. Whoever asks has found the event through its owner. */
export const deliveriesOf = async (store: Pick<Store, "lookup">, eventId: Id): Promise<readonly Delivery[]> => {
  const rows = await store
    .lookup<QueueTables>()
    .selectFrom("deliveries")
    .selectAll()
    .where("event_id", "=", idToBytes(eventId))
    .orderBy("id", "desc")
    .limit(deliveriesMax)
    .execute();
  return rows.toReversed().map(fromDeliveryRow);
};

/** Deliveries of one event that are ever shown. */
const deliveriesMax = 1000;

/** When each destination's first delivery in the store falls due. One seek in the index for each destination. */
export const dueTimes = async (
  store: Pick<Store, "lookup">,
  destinationIds: Iterable<Id>,
): Promise<ReadonlyMap<Id, number>> => {
  const times = new Map<Id, number>();
  for (const destinationId of destinationIds) {
    const row = await store
      .lookup<QueueTables>()
      .selectFrom("deliveries")
      .select("due_at_ms")
      .where("destination_id", "=", idToBytes(destinationId))
      .where("due_at_ms", "<", claimedDueMs)
      .orderBy("due_at_ms")
      .limit(1)
      .executeTakeFirst();
    if (row?.due_at_ms !== null && row?.due_at_ms !== undefined) times.set(destinationId, row.due_at_ms);
  }
  return times;
};

/** Pending and ended deliveries of one bulk replay. */
export const countByReplay = async (
  store: Pick<Store, "list">,
  replayId: Id,
): Promise<Readonly<Record<Delivery["status"], number>>> => {
  const rows = await store
    .list<QueueTables>()
    .selectFrom("deliveries")
    .select(({ fn }) => ["status", fn.countAll<number>().as("count")])
    .where("replay_id", "=", idToBytes(replayId))
    .groupBy("status")
    .execute();
  const counts = { pending: 0, success: 0, failed: 0, cancelled: 0 };
  for (const { status, count } of rows) counts[status] = count;
  return counts;
};
