import type { Id } from "../lib/ids.ts";

/** Where a delivery stands. */
export type DeliveryStatus = "pending" | "success" | "failed" | "cancelled";

/** Why a delivery was ended without its receiver's answer. */
export type CancelReason =
  | "destination_disabled"
  | "destination_deleted"
  | "connection_deleted"
  | "replay_cancelled"
  | "expired";

/** Why a delivery failed for good. */
export type FailReason = "exhausted" | "gone" | "event_lost" | "transform" | "circuit_open";

/** One event on its way along one connection: the first fan-out, or a replay. */
export type Delivery = {
  readonly eventId: Id;
  readonly id: Id;
  readonly teamId: Id;
  readonly envId: Id;
  readonly sourceId: Id;
  readonly connectionId: Id;
  readonly destinationId: Id;
  /** Whether a replay made it, rather than the event's arrival. */
  readonly isReplay: boolean;
  /** The bulk replay that made it. */
  readonly replayId: Id | null;
  readonly status: DeliveryStatus;
  readonly reason: CancelReason | FailReason | null;
  /** Attempts that were recorded. */
  readonly attempts: number;
  /**
   * Since the last recorded attempt: 0 when it is not claimed, 1 when it is; from `suspectClaims` on, the crashes that it may
   * have been under way at, and the attempt that is, or is next; below 0, it waited for its turn at a crash.
   */
  readonly claims: number;
  /** Grows with each claim, so that the outcome of an older claim changes nothing. */
  readonly generation: number;
  /** The destination's `enabling` that it was made under. */
  readonly enabling: number;
  /** In an ordered lane, when its next attempt may start. */
  readonly notBeforeMs: number | null;
  readonly endedAtMs: number | null;
  /** By the time that never goes back: in a lane, what was created earlier comes earlier. */
  readonly createdAtMs: number;
};

/** One delivery's place. */
export type DeliveryKey = { readonly eventId: Id; readonly deliveryId: Id };

/** `due_at_ms` of a claimed delivery: after everything that is due, so that a look for due ones stops before it. */
export const claimedDueMs: number = Number.MAX_SAFE_INTEGER;

/** A new pending delivery. */
export const newDelivery = (
  parts: Pick<
    Delivery,
    "eventId" | "id" | "teamId" | "envId" | "sourceId" | "connectionId" | "destinationId" | "enabling" | "createdAtMs"
  > & { readonly isReplay?: boolean; readonly replayId?: Id | null; readonly claimed: boolean },
): Delivery => {
  const { claimed, isReplay = false, replayId = null, ...rest } = parts;
  return {
    ...rest,
    isReplay,
    replayId,
    status: "pending",
    reason: null,
    attempts: 0,
    claims: claimed ? 1 : 0,
    generation: claimed ? 1 : 0,
    notBeforeMs: null,
    endedAtMs: null,
  };
};
