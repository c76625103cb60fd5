import { isPassing } from "../db/store-error.ts";
import { heldBytesOf } from "../events/held-bytes.ts";
import type { ReadEvent } from "../events/reader.ts";
import type { ForwardTime } from "../lib/forward-time.ts";
import type { Observer } from "../observe/observe.ts";
import type { Settlement } from "../queue/settle.ts";
import { hasSeenCrash } from "../queue/suspect.ts";
import type { Destination } from "../routing/destination.ts";
import type { Attempt } from "./attempt-log.ts";
import { type AttemptContext, failedUnsent, performAttempt } from "./attempt.ts";
import type { Outcome } from "./outcome.ts";
import type { Recorder } from "./recorder.ts";
import type { Revocation } from "./revocation.ts";
import { crashesMax, type Suspects } from "./suspects.ts";
import type { Progress, StoredEvent, Work, WorkEnd } from "./work.ts";

/** How long a delivery waits when the store cannot be asked, or a connection not be opened, at the moment. */
const unavailableMs = 5_000;

/** What a worker needs. */
export type WorkerParts = AttemptContext & {
  readonly readEvent: ReadEvent;
  /** What deliveries are due by. */
  readonly dueTime: ForwardTime;
  readonly recorder: Recorder;
  readonly observer: Pick<Observer, "attempted" | "postponed">;
  readonly suspects: Suspects;
  readonly revocation: Revocation;
  /** Ends attempts under way when the process stops. */
  readonly signal: AbortSignal;
};

type Done = { readonly outcome: Outcome; readonly attempt: Attempt | null };

/** Nothing was tried; it is due again after so long. */
const postponedIn = ({ dueTime }: Pick<WorkerParts, "dueTime">, ms: number): Done => ({
  outcome: { kind: "postponed", untilMs: dueTime.nowMs() + ms },
  attempt: null,
});

const readEvent = async (
  parts: WorkerParts,
  work: Work,
  { held }: Pick<Progress, "held">,
): Promise<StoredEvent | Done> => {
  if (work.stored !== null) return work.stored;
  try {
    const stored = await parts.readEvent(work.delivery.eventId);
    if (stored === null) return { outcome: { kind: "lost" }, attempt: null };
    held(heldBytesOf(stored.payload));
    return stored;
  } catch (error) {
    if (!isPassing(error)) throw error;
    return postponedIn(parts, unavailableMs);
  }
};

const tryOnce = async (parts: WorkerParts, work: Work, progress: Progress): Promise<Done> => {
  const { delivery } = work;
  const revoked = parts.revocation(delivery);
  if (revoked !== null) return { outcome: revoked, attempt: null };
  const routed = parts.table.destination(delivery.destinationId);
  if (routed === undefined) {
    return { outcome: { kind: "cancelled", reason: "destination_deleted" }, attempt: null };
  }
  if (delivery.claims > crashesMax) {
    return failedUnsent(parts, work, "crashed", `the gateway stopped ${crashesMax} times while this was being sent`);
  }
  const stored = await readEvent(parts, work, progress);
  if ("outcome" in stored) return stored;
  const { sends, maySend } = progress;
  const attempted = await performAttempt(parts, { work, stored, routed, sends, maySend, signal: parts.signal });
  if (attempted.kind === "unavailable") {
    parts.observer.postponed({
      reason: attempted.message,
      deliveryId: delivery.id,
      destinationId: routed.destination.id,
    });
    return postponedIn(parts, unavailableMs);
  }
  // Cut off by our own stop: nobody's failure. It is due again at the next start.
  if (parts.signal.aborted && attempted.outcome.kind === "failed") {
    return postponedIn(parts, 0);
  }
  return attempted;
};

/** What cannot be processed becomes a failed attempt with a reason, never a lane that stands still. */
const tryOnceSafely = async (parts: WorkerParts, work: Work, progress: Progress): Promise<Done> => {
  try {
    const admission = await parts.suspects(work.delivery, () => tryOnce(parts, work, progress));
    if (admission.kind === "admitted") return admission.result;
    return postponedIn(parts, unavailableMs);
  } catch (error) {
    return failedUnsent(parts, work, "crashed", error instanceof Error ? error.message : String(error));
  }
};

const report = ({ observer }: WorkerParts, { delivery }: Work, { url }: Destination, attempt: Attempt): void => {
  observer.attempted({
    outcome: attempt.code === null ? "success" : "failed",
    code: attempt.code,
    status: attempt.responseStatus,
    durationMs: attempt.durationMs,
    attempt: attempt.number,
    sourceId: delivery.sourceId,
    destinationId: delivery.destinationId,
    deliveryId: delivery.id,
    eventId: delivery.eventId,
    host: URL.parse(url)?.host ?? "",
  });
};

const heldWork = (work: Work, settlement: Settlement | null, attempt: Attempt | null): Work | null =>
  settlement?.to === "held"
    ? {
        ...work,
        delivery: {
          ...work.delivery,
          attempts: attempt?.number ?? work.delivery.attempts,
          claims: 1,
          notBeforeMs: settlement.untilMs,
        },
      }
    : null;

/**
 * What a lane does with a delivery whose turn it is. Its slot is free again when the outcome is on disk; a success frees
 * it as soon as the receiver has answered, save in an ordered lane, at an open circuit and after a crash. So a failing destination is not sent
 * more than the failures that switch it off, and fills commits no faster than they end.
 */
export const createWorker =
  (parts: WorkerParts) =>
  async (work: Work, destination: Destination, progress: Progress): Promise<WorkEnd> => {
    const { outcome, attempt } = await tryOnceSafely(parts, work, progress);
    if (attempt !== null) report(parts, work, destination, attempt);
    const recorded = parts.recorder.record({ delivery: work.delivery, outcome, attempt });
    // With a circuit open, what comes next hangs on this outcome.
    const isAwaited = destination.ordered || destination.circuitOpenedAtMs !== null || hasSeenCrash(work.delivery);
    const frees = outcome.kind === "succeeded" && !isAwaited;
    if (frees) return { kept: null, hasFailed: false };
    return { kept: heldWork(work, await recorded, attempt), hasFailed: outcome.kind === "failed" };
  };
