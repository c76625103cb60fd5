import type { SelectQueryBuilder } from "kysely";

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

/** Deliveries that were cancelled with any of these bulk replays, of events after the first, up to and with the second. */
export type CancelledStretch = {
  readonly replayIds: readonly Id[];
  readonly after: Id | null;
  readonly through: Id;
};

/** Without those in whose place something newer has gone. */
const cancelledIn = (
  store: Pick<Store, "list">,
  { replayIds, after, through }: CancelledStretch,
): SelectQueryBuilder<QueueTables, "deliveries", object> =>
  store
    .list<QueueTables>()
    .selectFrom("deliveries")
    .where("replay_id", "in", replayIds.map(idToBytes))
    .where("status", "=", "cancelled")
    .where("reason", "=", "replay_cancelled")
    .where("newest", "=", 1)
    .where("event_id", ">", after === null ? Buffer.alloc(0) : idToBytes(after))
    .where("event_id", "<=", idToBytes(through));

/** Of how many events deliveries were cancelled with these bulk replays. */
export const countCancelled = async (store: Pick<Store, "list">, stretch: CancelledStretch): Promise<number> => {
  const counted = await cancelledIn(store, stretch)
    .select(({ fn }) => fn.count<number>("event_id").distinct().as("count"))
    .executeTakeFirst();
  return counted?.count ?? 0;
};

/** The first so many events of which deliveries were cancelled with these bulk replays, oldest first, and along which connections. */
export const readCancelled = async (
  store: Pick<Store, "list">,
  { limit, ...stretch }: CancelledStretch & { readonly limit: number },
): Promise<ReadonlyMap<Id, ReadonlySet<Id>>> => {
  const first = cancelledIn(store, stretch).select("event_id").distinct().orderBy("event_id").limit(limit);
  const rows = await cancelledIn(store, stretch)
    .select(["event_id", "connection_id"])
    .where("event_id", "in", first)
    .orderBy("event_id")
    .execute();
  const connections = new Map<Id, Set<Id>>();
  for (const { event_id, connection_id } of rows) {
    const eventId = idFromBytes(event_id);
    const own = connections.get(eventId) ?? new Set();
    connections.set(eventId, own.add(idFromBytes(connection_id)));
  }
  return connections;
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
