import type { Delivery } from "../queue/delivery.ts";
import type { Settlement } from "../queue/settle.ts";
import type { Destination } from "../routing/destination.ts";
import type { AttemptOutcome, Outcome } from "./outcome.ts";
import { nextWaitMs, retryPolicyOf, tooManyRequestsMsMin } from "./retry-policy.ts";

/** What an outcome says about its destination. */
export type HealthSign = "none" | "works" | "exhausted" | "gone";

/** What becomes of a delivery and of its destination. */
export type Decision = { readonly settlement: Settlement; readonly sign: HealthSign };

/** Wall time, for what is shown; the time by which deliveries are due; and chance. */
type Moment = {
  readonly nowMs: number;
  readonly dueNowMs: number;
  readonly random: number;
  /** Whether what fails is not to be tried again. */
  readonly isOnce: boolean;
};

const cancelledFor = (
  delivery: Delivery,
  destination: Destination | undefined,
): "destination_disabled" | "destination_deleted" | null => {
  if (destination === undefined) return "destination_deleted";
  return destination.enabled && destination.enabling === delivery.enabling ? null : "destination_disabled";
};

/** An ordered lane keeps what it will try again: nothing may pass it. */
const again = (destination: Destination | undefined, atMs: number): Settlement =>
  destination?.ordered === true ? { to: "held", untilMs: atMs } : { to: "due", atMs };

const afterFailure = (
  delivery: Delivery,
  destination: Destination,
  failure: Extract<AttemptOutcome, { kind: "failed" }>,
  { nowMs, dueNowMs, random, isOnce }: Moment,
): Decision => {
  if (failure.code === "transform") {
    return { settlement: { to: "ended", status: "failed", reason: "transform", endedAtMs: nowMs }, sign: "none" };
  }
  // 410 is the receiver's own word that nobody will ever answer there.
  if (failure.status === 410) {
    return { settlement: { to: "ended", status: "failed", reason: "gone", endedAtMs: nowMs }, sign: "gone" };
  }
  if (isOnce) {
    return { settlement: { to: "ended", status: "failed", reason: "exhausted", endedAtMs: nowMs }, sign: "none" };
  }
  const floorMs = failure.status === 429 ? tooManyRequestsMsMin : 0;
  const waitMs = nextWaitMs(retryPolicyOf(destination), {
    attemptsMade: delivery.attempts + 1,
    retryAfterMs: Math.max(failure.retryAfterMs ?? 0, floorMs),
    random,
  });
  if (waitMs === null) {
    // What our own crashes used up says nothing about the destination.
    const sign = failure.code === "crashed" ? "none" : "exhausted";
    return { settlement: { to: "ended", status: "failed", reason: "exhausted", endedAtMs: nowMs }, sign };
  }
  return { settlement: again(destination, dueNowMs + waitMs), sign: "none" };
};

/**
 * Decides what becomes of a delivery, from what its lane did and from its destination as of this commit. Pure: whoever
 * records it decides nothing.
 */
export const decide = (
  outcome: Outcome,
  delivery: Delivery,
  destination: Destination | undefined,
  moment: Moment,
): Decision => {
  const endedAtMs = moment.nowMs;
  const reason = cancelledFor(delivery, destination);
  switch (outcome.kind) {
    case "succeeded":
      // A success counts even when nobody wants it any more: the receiver has the event.
      return { settlement: { to: "ended", status: "success", endedAtMs }, sign: reason === null ? "works" : "none" };
    case "cancelled":
      return { settlement: { to: "ended", status: "cancelled", reason: outcome.reason, endedAtMs }, sign: "none" };
    case "lost":
      return { settlement: { to: "ended", status: "failed", reason: "event_lost", endedAtMs }, sign: "none" };
    case "circuit_open":
      return { settlement: { to: "ended", status: "failed", reason: "circuit_open", endedAtMs }, sign: "exhausted" };
    case "postponed":
      if (reason !== null) {
        return { settlement: { to: "ended", status: "cancelled", reason, endedAtMs }, sign: "none" };
      }
      return { settlement: again(destination, outcome.untilMs), sign: "none" };
    case "failed":
      if (reason !== null || destination === undefined) {
        const cancelled = reason ?? "destination_deleted";
        return { settlement: { to: "ended", status: "cancelled", reason: cancelled, endedAtMs }, sign: "none" };
      }
      return afterFailure(delivery, destination, outcome, moment);
  }
};
