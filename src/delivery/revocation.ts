import type { ForwardTime } from "../lib/forward-time.ts";
import type { Id } from "../lib/ids.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { RoutingTable } from "../routing/table.ts";
import { isOutOfTime } from "./circuit.ts";
import type { Outcome } from "./outcome.ts";

/** What decides whether a delivery is still wanted. */
export type RevocationParts = {
  readonly table: RoutingTable;
  /** What deliveries are due by. */
  readonly dueTime: ForwardTime;
  readonly isReplayCancelled: (replayId: Id) => boolean;
  readonly isOverdue: (eventId: Id) => boolean;
};

/** How a delivery ends that must not be tried any more. */
export type Revoked = Extract<Outcome, { kind: "cancelled" | "circuit_open" }>;

/** Why a delivery must not be tried any more; null: it may. */
export type Revocation = (
  delivery: Pick<
    Delivery,
    "destinationId" | "eventId" | "enabling" | "replayId" | "sourceId" | "connectionId" | "createdAtMs"
  >,
) => Revoked | null;

/** Finds out from memory alone: it is asked before each attempt. */
export const createRevocation =
  ({ table, dueTime, isReplayCancelled, isOverdue }: RevocationParts): Revocation =>
  (delivery) => {
    const { destinationId, enabling, replayId } = delivery;
    const destination = table.destination(destinationId)?.destination;
    if (destination === undefined) return { kind: "cancelled", reason: "destination_deleted" };
    if (!destination.enabled || destination.enabling !== enabling) {
      return { kind: "cancelled", reason: "destination_disabled" };
    }
    // Nobody could tell any more what its receiver was to be sent.
    if (table.connection(delivery.sourceId, delivery.connectionId) === undefined) {
      return { kind: "cancelled", reason: "connection_deleted" };
    }
    if (replayId !== null && isReplayCancelled(replayId)) return { kind: "cancelled", reason: "replay_cancelled" };
    if (isOverdue(delivery.eventId)) return { kind: "cancelled", reason: "expired" };
    return destination.circuitOpenedAtMs !== null && isOutOfTime(delivery, destination, dueTime.nowMs())
      ? { kind: "circuit_open" }
      : null;
  };
