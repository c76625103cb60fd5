import type { Tx } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { QueueTables } from "./_rows.ts";
import { claimedDueMs, type CancelReason } from "./delivery.ts";

/** Which deliveries of a destination to cancel: those made before it was last switched off, or all of them. */
export type CancelWish = {
  readonly destinationId: Id;
  /** Cancels deliveries that were made under a lower number. */
  readonly enablingBelow: number;
  readonly reason: CancelReason;
  readonly nowMs: number;
  /** Deliveries in one go. */
  readonly limit: number;
};

/**
 * Cancels deliveries that nobody has claimed; what a lane holds ends through the lane. Whoever calls refreshes the
 * status of the events in the same transaction.
 * @returns the event of each cancelled delivery; fewer than the limit when none are left.
 */
export const cancelUnclaimed = async (tx: Tx, wish: CancelWish): Promise<readonly Id[]> => {
  const rows = await tx
    .tables<QueueTables>()
    .updateTable("deliveries")
    .set({ status: "cancelled", reason: wish.reason, due_at_ms: null, ended_at_ms: wish.nowMs })
    .where(({ eb, refTuple, selectFrom }) =>
      eb(
        refTuple("event_id", "id"),
        "in",
        selectFrom("deliveries as live")
          .select(["live.event_id", "live.id"])
          .where("live.destination_id", "=", idToBytes(wish.destinationId))
          .where("live.due_at_ms", "<", claimedDueMs)
          .where("live.enabling", "<", wish.enablingBelow)
          .orderBy("live.due_at_ms")
          .limit(wish.limit)
          .$asTuple("event_id", "id"),
      ),
    )
    .returning("event_id")
    .execute();
  return rows.map(({ event_id }) => idFromBytes(event_id));
};
