import type { Id } from "../lib/ids.ts";
import type { CancelReason, Delivery } from "../queue/delivery.ts";
import type { RoutingTable } from "../routing/table.ts";

/** What decides whether a delivery is still wanted. */
export type RevocationParts = {
  readonly table: RoutingTable;
  readonly isReplayCancelled: (replayId: Id) => boolean;
  readonly isOverdue: (eventId: Id) => boolean;
};

/** Why a delivery must not be tried any more; null: it may. */
export type Revocation = (
  delivery: Pick<Delivery, "destinationId" | "eventId" | "enabling" | "replayId">,
) => CancelReason | null;

/** Finds out from memory alone: it is asked before each attempt. */
export const createRevocation =
  ({ table, isReplayCancelled, isOverdue }: RevocationParts): Revocation =>
  ({ destinationId, eventId, enabling, replayId }) => {
    const destination = table.destination(destinationId)?.destination;
    if (destination === undefined) return "destination_deleted";
    if (!destination.enabled || destination.enabling !== enabling) return "destination_disabled";
    if (replayId !== null && isReplayCancelled(replayId)) return "replay_cancelled";
    return isOverdue(eventId) ? "expired" : null;
  };
