import { isOverdue } from "../events/keeping.ts";
import type { Clock } from "../lib/clock.ts";
import { type Id, idTimeMs } from "../lib/ids.ts";
import type { CancelReason, Delivery } from "../queue/delivery.ts";
import type { RoutingTable } from "../routing/table.ts";

/** What decides whether a delivery is still wanted. */
export type RevocationParts = {
  readonly clock: Pick<Clock, "nowMs">;
  readonly table: RoutingTable;
  readonly isReplayCancelled: (replayId: Id) => boolean;
};

/** Why a delivery must not be tried any more; null: it may. */
export type Revocation = (
  delivery: Pick<Delivery, "destinationId" | "sourceId" | "eventId" | "enabling" | "replayId">,
) => CancelReason | null;

/** Finds out from memory alone: it is asked before each attempt. */
export const createRevocation =
  ({ clock, table, isReplayCancelled }: RevocationParts): Revocation =>
  ({ destinationId, sourceId, eventId, enabling, replayId }) => {
    const destination = table.destination(destinationId)?.destination;
    if (destination === undefined) return "destination_deleted";
    if (!destination.enabled || destination.enabling !== enabling) return "destination_disabled";
    if (replayId !== null && isReplayCancelled(replayId)) return "replay_cancelled";
    const retentionDays = table.source(sourceId)?.source.retentionDays;
    if (retentionDays === undefined) return null;
    return isOverdue(idTimeMs(eventId), retentionDays, clock.nowMs()) ? "expired" : null;
  };
