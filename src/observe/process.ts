import { errorFields } from "./error-fields.ts";
import type { LogFields, Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** One answered request to a management API. */
export type ApiRequestReport = {
  method: string;
  /** The route's pattern (`/v1/events/:id`), never the path; null when no route matched. */
  route: string | null;
  status: number;
  durationMs: number;
};

/** What happens to the gateway as a whole. */
export type ProcessObserver = {
  apiRequest(request: ApiRequestReport): void;
  started(start: LogFields): void;
  stopping(stop: { reason: string; deadlineMs: number }): void;
  stopped(stop: { durationMs: number; clean: boolean }): void;
  /** Something failed in a way that nobody expected. Background work will be tried again. */
  faulted(fault: { task: string; error: unknown }): void;
};

/** The lowest status that is the gateway's own failure. */
const ownFailureStatus = 500;

/** Writes the metrics and lines of the process and its APIs. */
export const createProcessObserver = (
  log: Logger,
  metrics: Pick<Metrics, "counter" | "histogram">,
): ProcessObserver => {
  const requests = metrics.counter({
    name: "postern_api_requests_total",
    help: "Requests to the management APIs, by method, route pattern and status.",
    labels: ["method", "route", "status"],
  });
  const duration = metrics.histogram({
    name: "postern_api_request_duration_seconds",
    help: "Time to answer a request to the management APIs, by route pattern.",
    labels: ["route"],
  });
  const faults = metrics.counter({
    name: "postern_faults_total",
    help: "Errors that nobody expected, by what was being done. Background work is tried again.",
    labels: ["task"],
  });
  return {
    apiRequest({ method, route, status, durationMs }) {
      const pattern = route ?? "unmatched";
      requests.inc({ method, route: pattern, status });
      duration.observe({ route: pattern }, durationMs / 1_000);
      const level = status >= ownFailureStatus ? "warn" : "debug";
      log[level]("api request", { method, route: pattern, status, durationMs });
    },
    started(start) {
      log.info("started", start);
    },
    stopping(stop) {
      log.info("stopping", stop);
    },
    stopped({ clean, durationMs }) {
      log[clean ? "info" : "warn"]("stopped", { clean, durationMs });
    },
    faulted({ task, error }) {
      faults.inc({ task });
      log.error("something failed that should not have", { task, ...errorFields(error) });
    },
  };
};
