import type { Store, Tx } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { QueueTables } from "./_rows.ts";
import { claimedDueMs } from "./delivery.ts";

/** How many deliveries of a bulk replay have not ended, counted up to `max`. */
export const pendingOfReplay = async (store: Pick<Store, "lookup">, replayId: Id, max: number): Promise<number> => {
  const tables = store.lookup<QueueTables>();
  const some = tables
    .selectFrom("deliveries")
    .select("event_id")
    .where("replay_id", "=", idToBytes(replayId))
    .where("status", "=", "pending")
    .limit(max)
    .as("some");
  const counted = await tables
    .selectFrom(some)
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirst();
  return counted?.count ?? 0;
};

/** The destinations whose lanes hold deliveries of a bulk replay. */
export const lanesHolding = async (store: Pick<Store, "list">, replayId: Id): Promise<readonly Id[]> => {
  const rows = await store
    .list<QueueTables>()
    .selectFrom("deliveries")
    .select("destination_id")
    .distinct()
    .where("replay_id", "=", idToBytes(replayId))
    .where("status", "=", "pending")
    .where("due_at_ms", "=", claimedDueMs)
    .execute();
  return rows.map(({ destination_id }) => idFromBytes(destination_id));
};

/**
 * Ends deliveries of a bulk replay that nobody has claimed; what a lane holds ends through the lane. Whoever calls
 * refreshes the status of the events in the same transaction.
 * @returns the event of each cancelled delivery; fewer than the limit when none are left.
 */
export const cancelReplayed = async (
  tx: Tx,
  { replayId, nowMs, limit }: { readonly replayId: Id; readonly nowMs: number; readonly limit: number },
): Promise<readonly Id[]> => {
  const rows = await tx
    .tables<QueueTables>()
    .updateTable("deliveries")
    .set({ status: "cancelled", reason: "replay_cancelled", due_at_ms: null, ended_at_ms: nowMs })
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("event_id", "id"),
        "in",
        selectFrom("deliveries as pending")
          .select(["pending.event_id", "pending.id"])
          .where("pending.replay_id", "=", idToBytes(replayId))
          .where("pending.status", "=", "pending")
          .where("pending.due_at_ms", "<", claimedDueMs)
          .limit(limit)
          .$asTuple("event_id", "id"),
      ),
    )
    .returning("event_id")
    .execute();
  return rows.map(({ event_id }) => idFromBytes(event_id));
};
