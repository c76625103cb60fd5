import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import { createLineLimit } from "./_line-limit.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** What became of a request that found its source and was read whole. */
export type IngestOutcome = "stored" | "invalid" | "dropped" | "duplicate" | "handshake";

/** Why a request was turned away. */
export type IngestRefusalReason =
  | "unknown_slug"
  | "too_large"
  | "overloaded"
  | "rate_limited"
  | "disk"
  | "timeout"
  | "method"
  | "expired"
  | "request_limit"
  | "disabled"
  | "ip_denied"
  | "ip_not_allowed"
  | "invalid_signature"
  | "schema_invalid"
  | "unreadable_secret"
  /** Of who wants a connection: */
  | "no_access"
  | "not_websocket"
  | "connections"
  | "handshake";

/** What is known of a request that was turned away. The slug is left out: whoever has it can send. */
export type IngestRefusal = {
  reason: IngestRefusalReason;
  sourceId?: Id;
  provider?: string;
  /** The sender's address, as far as trusted proxies tell it. */
  remoteAddress?: string;
  /** Bytes that were announced or read. */
  bodyBytes?: number;
  durationMs?: number;
};

/** What happens at the ingest URLs. */
export type IngestObserver = {
  ingested(ingest: { outcome: IngestOutcome; provider: string; durationMs: number }): void;
  ingestRefused(refusal: IngestRefusal): void;
  /** Refused requests that nobody will see in a list: there were too many at once, or the store did not take them. */
  refusalsForgotten(forgotten: { count: number }): void;
};

/** Refusals of one reason that are logged in a second. All are counted. */
const refusalLinesMax = 20;

/** Writes the metrics and lines of ingest. An accepted event is no info line: there are thousands a second. */
export const createIngestObserver = (
  log: Logger,
  metrics: Pick<Metrics, "counter" | "histogram">,
  clock: Pick<Clock, "monotonicMs">,
): IngestObserver => {
  const events = metrics.counter({
    name: "postern_ingest_events_total",
    help: "Requests to an ingest URL that reached their source, by outcome (stored, invalid, dropped, duplicate, handshake) and provider.",
    labels: ["outcome", "provider"],
  });
  const duration = metrics.histogram({
    name: "postern_ingest_duration_seconds",
    help: "Time from the head of an ingest request to its answer, commit included, by outcome.",
    labels: ["outcome"],
  });
  const refused = metrics.counter({
    name: "postern_ingest_refused_total",
    help: "Ingest requests that were refused before they were stored, by reason.",
    labels: ["reason"],
  });
  const forgotten = metrics.counter({
    name: "postern_ingest_refusals_forgotten_total",
    help: "Refused requests that are in no list of their source's, because there were too many at once.",
  });
  const mayWrite = createLineLimit(clock, refusalLinesMax);
  return {
    ingested({ outcome, provider, durationMs }) {
      events.inc({ outcome, provider });
      duration.observe({ outcome }, durationMs / 1_000);
      log.debug("event received", { outcome, provider, durationMs });
    },
    refusalsForgotten({ count }) {
      forgotten.inc(count);
    },
    ingestRefused({ reason, sourceId, provider, remoteAddress, bodyBytes, durationMs }) {
      refused.inc({ reason });
      const line = mayWrite(reason);
      if (line === null) return;
      const suppressed = line.suppressed > 0 ? line.suppressed : undefined;
      const fields = { reason, sourceId, provider, remoteAddress, bodyBytes, durationMs, suppressed };
      // What the sender caused is info; what the operator has to mend is a warning.
      if (reason === "disk" || reason === "unreadable_secret") log.warn("ingest refused", fields);
      else log.info("ingest refused", fields);
    },
  };
};
