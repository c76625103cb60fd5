import { type Operation, type OperationResult, rawStatement } from "../db/statement.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import { claimedDueMs, type CancelReason } from "./delivery.ts";

/** Which deliveries of a destination to cancel: those made before it was last switched off or deleted. */
export type CancelWish = {
  readonly destinationId: Id;
  /** Cancels deliveries that were made under a lower number. */
  readonly enablingBelow: number;
  readonly reason: CancelReason;
  readonly nowMs: number;
  readonly limit: number;
};

const cancel = rawStatement(
  `update deliveries set status = 'cancelled', reason = ?, due_at_ms = null, ended_at_ms = ?
   where (event_id, id) in (
     select event_id, id from deliveries
     where destination_id = ? and due_at_ms < ${claimedDueMs} and enabling < ? order by due_at_ms limit ?
   ) returning event_id, destination_id`,
  { returns: true },
);

/** What cancels deliveries that nobody has claimed. What a lane holds ends through the lane. */
export const cancelOperation = (wishes: readonly CancelWish[]): Operation => ({
  statement: cancel,
  rows: wishes.map(({ reason, nowMs, destinationId, enablingBelow, limit }) => [
    reason,
    nowMs,
    idToBytes(destinationId),
    enablingBelow,
    limit,
  ]),
});

/** The events whose deliveries were cancelled, for each destination. */
export const readCancelled = (result: OperationResult | undefined): ReadonlyMap<Id, readonly Id[]> => {
  const cancelled = new Map<Id, Id[]>();
  for (const row of result?.rows ?? []) {
    // Both columns are ids of our own table.
    const { event_id, destination_id } = row as { event_id: Uint8Array; destination_id: Uint8Array };
    const destinationId = idFromBytes(destination_id);
    const eventIds = cancelled.get(destinationId) ?? [];
    eventIds.push(idFromBytes(event_id));
    cancelled.set(destinationId, eventIds);
  }
  return cancelled;
};
