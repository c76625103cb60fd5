import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import { createLineLimit } from "./_line-limit.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** One attempt, as it is logged: everything that one wants to search by in one line. */
export type AttemptReport = {
  outcome: "success" | "failed";
  /** Why it failed, from the closed set of attempt codes; null when it did not. */
  code: string | null;
  /** The answer's HTTP status; null when none came. */
  status: number | null;
  durationMs: number;
  /** 1 for the first. */
  attempt: number;
  sourceId: Id;
  destinationId: Id;
  deliveryId: Id;
  eventId: Id;
  /** Host and port only: paths and queries of destinations carry credentials. */
  host: string;
};

/** One or more deliveries that came to an end for the same reason. */
export type DeliveryEnd = {
  status: "success" | "failed" | "cancelled";
  /** From the closed set of reasons; null when there is nothing to say. */
  reason: string | null;
  destinationId?: Id;
  /** Left out when many end at once. */
  deliveryId?: Id;
  /** How many. Default: 1. */
  deliveries?: number;
};

/** A bulk replay that is done with: all deliveries that it made have ended. */
export type ReplayEnd = {
  status: "completed" | "cancelled" | "failed";
  replayId: Id;
  sourceId: Id;
  /** Events that were sent on their way, and events that went nowhere. */
  queued: number;
  skipped: number;
  /** Deliveries, by how they ended. */
  succeeded: number;
  failed: number;
  cancelled: number;
};

/** What happens to deliveries. */
export type DeliveryObserver = {
  attempted(attempt: AttemptReport): void;
  /** Nothing could be sent, for want of our own means. It is tried again soon, and nobody is charged. */
  postponed(delivery: { reason: string; deliveryId: Id; destinationId: Id }): void;
  deliveryEnded(end: DeliveryEnd): void;
  destinationDisabled(disabled: { reason: string; destinationId?: Id; host?: string }): void;
  /** A destination's circuit opened, after failures in a row, or closed, after a success. */
  circuitChanged(change: { to: "open" | "closed"; destinationId: Id }): void;
  replayEnded(end: ReplayEnd): void;
};

const statusClass = (status: number | null): string => (status === null ? "none" : `${Math.floor(status / 100)}xx`);

/** Postponements that are logged in a second. All are counted: without open files each attempt ends in one. */
const postponedLinesMax = 5;

const createPostponed = (
  log: Logger,
  metrics: Pick<Metrics, "counter">,
  clock: Pick<Clock, "monotonicMs">,
): DeliveryObserver["postponed"] => {
  const total = metrics.counter({
    name: "postern_deliveries_postponed_total",
    help: "Times that a delivery could not be tried for want of the gateway's own means (open files, ports, memory, look-ups).",
  });
  const mayWrite = createLineLimit(clock, postponedLinesMax);
  return (delivery) => {
    total.inc();
    const line = mayWrite("postponed");
    if (line === null) return;
    const suppressed = line.suppressed > 0 ? line.suppressed : undefined;
    log.warn("delivery postponed: the gateway itself is short of something", { ...delivery, suppressed });
  };
};

const createCircuitChanged = (log: Logger, metrics: Pick<Metrics, "counter">): DeliveryObserver["circuitChanged"] => {
  const total = metrics.counter({
    name: "postern_destination_circuit_changes_total",
    help: "Times that a destination's circuit opened after failures, or closed after a success, by what it became.",
    labels: ["to"],
  });
  return (change) => {
    total.inc({ to: change.to });
    log[change.to === "open" ? "warn" : "info"]("destination's circuit changed", change);
  };
};

/** Writes the metrics and lines of delivery. */
export const createDeliveryObserver = (
  log: Logger,
  metrics: Pick<Metrics, "counter" | "histogram">,
  clock: Pick<Clock, "monotonicMs">,
): DeliveryObserver => {
  const attempts = metrics.counter({
    name: "postern_delivery_attempts_total",
    help: "Delivery attempts, by outcome, failure code and class of the answer's status (2xx to 5xx, none).",
    labels: ["outcome", "code", "status"],
  });
  const duration = metrics.histogram({
    name: "postern_delivery_attempt_duration_seconds",
    help: "Time from the start of a delivery attempt to its outcome, by outcome.",
    labels: ["outcome"],
  });
  const ended = metrics.counter({
    name: "postern_deliveries_ended_total",
    help: "Deliveries that came to an end, by status (success, failed, cancelled) and reason.",
    labels: ["status", "reason"],
  });
  const disabledTotal = metrics.counter({
    name: "postern_destinations_disabled_total",
    help: "Destinations that were disabled automatically, by reason.",
    labels: ["reason"],
  });
  const replaysEnded = metrics.counter({
    name: "postern_replays_ended_total",
    help: "Bulk replays that ended, by status (completed, cancelled, failed).",
    labels: ["status"],
  });
  return {
    attempted(attempt) {
      const { outcome, code, status, durationMs } = attempt;
      attempts.inc({ outcome, code: code ?? "none", status: statusClass(status) });
      duration.observe({ outcome }, durationMs / 1_000);
      if (outcome === "failed") log.info("delivery attempt failed", attempt);
      else log.debug("delivery attempt succeeded", attempt);
    },
    postponed: createPostponed(log, metrics, clock),
    deliveryEnded(end) {
      const { status, reason, deliveries = 1 } = end;
      ended.inc({ status, reason: reason ?? "none" }, deliveries);
      switch (status) {
        case "success":
          log.debug("delivery succeeded", end);
          break;
        case "failed":
          log.warn("delivery failed for good", end);
          break;
        case "cancelled":
          log.info("delivery cancelled", end);
          break;
      }
    },
    destinationDisabled(disabled) {
      disabledTotal.inc({ reason: disabled.reason });
      log.warn("destination disabled", disabled);
    },
    circuitChanged: createCircuitChanged(log, metrics),
    replayEnded(end) {
      replaysEnded.inc({ status: end.status });
      log[end.status === "failed" ? "warn" : "info"]("bulk replay ended", end);
    },
  };
};
