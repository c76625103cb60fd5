import type { Receipt } from "../ingest/receive.ts";
import type { GateRefusal, RefusedReason } from "../ingest/refusal.ts";
import type { RefusedLog } from "../ingest/refused-log.ts";
import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { IngestOutcome, IngestRefusalReason } from "../observe/ingest.ts";
import type { Observer } from "../observe/observe.ts";
import type { IngestVia } from "../routing/ingest-url.ts";
import type { RoutedSource } from "../routing/table.ts";
import {
  handshakeAnswer,
  type IngestAnswer,
  type IngestRefusal,
  sessionAnswer,
  takenAnswer,
} from "./_ingest-answers.ts";

/** What telling of a request takes. */
export type ReportParts = {
  readonly refused: Pick<RefusedLog, "note">;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly observer: Pick<Observer, "ingested" | "ingestRefused">;
};

/** What is told of a request beside what became of it. */
export type Asked = {
  readonly method: string;
  readonly senderAddress: string | null;
  readonly startedMs: number;
  /** Bytes of its body as far as it said, for what was refused unread. */
  readonly announcedBytes: number;
};

/** A request that became no event. `as`: the reason as it is counted. `bodyBytes`: as many as came. */
export type Refused = {
  readonly refusal: IngestRefusal;
  readonly as: IngestRefusalReason;
  readonly close: boolean;
  readonly bodyBytes: number | null;
};

/** What became of a request. */
export type Result = { readonly outcome: IngestOutcome; readonly answer: IngestAnswer } | Refused;

/** Refused. `close`: with what is not read. */
export const refuse = (
  refusal: IngestRefusal,
  as: IngestRefusalReason,
  { close = false, bodyBytes = null }: { close?: boolean; bodyBytes?: number | null } = {},
): Refused => ({ refusal, as, close, bodyBytes });

/** There is no such source. */
export const unknown = (): Refused => refuse({ reason: "unknown" }, "unknown_slug", { close: true });
/** Refused before it was read. */
export const refuseAtGate = (reason: GateRefusal): Refused => refuse({ reason }, reason, { close: true });
/** Refused for a reason of ours. */
export const unavailable = (as: IngestRefusalReason, close: boolean): Refused =>
  refuse({ reason: "unavailable" }, as, { close });

const outcomeOf = (eventId: Id | null, valid: boolean, duplicate: boolean): IngestOutcome => {
  if (eventId === null) return "dropped";
  if (duplicate) return "duplicate";
  return valid ? "stored" : "invalid";
};

const takenResult = (
  { eventId, valid, duplicate }: { eventId: Id | null; valid: boolean; duplicate: boolean },
  { source }: RoutedSource,
  via: IngestVia,
): Result => {
  const { sessionResponse } = source;
  return {
    outcome: outcomeOf(eventId, valid, duplicate),
    answer:
      sessionResponse === null
        ? takenAnswer({ eventId, sourceId: source.id, duplicate }, via)
        : sessionAnswer(sessionResponse),
  };
};

/** What a receipt means for whoever sent the request, in the words of the URL that it came by. */
export const resultOf = (receipt: Receipt, routed: RoutedSource, via: IngestVia, bodyBytes: number): Result => {
  switch (receipt.kind) {
    case "stored":
      return takenResult(receipt, routed, via);
    case "dropped":
      return takenResult({ eventId: null, valid: false, duplicate: false }, routed, via);
    case "answered":
      return { outcome: "handshake", answer: handshakeAnswer(receipt.answer) };
    case "no_event":
      return refuse({ reason: "method" }, "method");
    case "unverified":
      return refuse({ reason: "invalid_signature" }, "invalid_signature", { bodyBytes });
    case "schema_refused":
      return refuse({ reason: "schema_invalid", errors: receipt.errors }, "schema_invalid", { bodyBytes });
    case "gone":
      return refuse({ reason: "unknown" }, "unknown_slug");
    case "rate_limited":
      return refuse({ reason: "rate_limited", retryAfterMs: receipt.retryAfterMs }, "rate_limited", { bodyBytes });
    case "overloaded":
      return unavailable("overloaded", false);
    case "unreadable":
      return unavailable("unreadable_secret", false);
  }
};

/** Whether it became an event. */
export const isStored = (result: Result | null): boolean =>
  result !== null && "outcome" in result && result.outcome !== "handshake" && result.outcome !== "dropped";

const observe = (
  { observer, clock }: Pick<ReportParts, "observer" | "clock">,
  routed: RoutedSource | undefined,
  { startedMs, senderAddress }: Asked,
  result: Result,
): void => {
  const durationMs = clock.monotonicMs() - startedMs;
  const provider = routed?.source.provider;
  if ("outcome" in result) {
    observer.ingested({ outcome: result.outcome, provider: provider ?? "unknown", durationMs });
    return;
  }
  const sourceId: Id | undefined = routed?.source.id;
  observer.ingestRefused({
    reason: result.as,
    durationMs,
    ...(sourceId === undefined ? {} : { sourceId }),
    ...(provider === undefined ? {} : { provider }),
    ...(senderAddress === null ? {} : { remoteAddress: senderAddress }),
  });
};

/** Which refusals are the source's own, and shown to whoever owns it. */
const shownReason = (reason: IngestRefusal["reason"]): RefusedReason | null =>
  reason === "unknown" || reason === "method" || reason === "unavailable" ? null : reason;

/** Tells what became of a request: the log, the metrics, and whoever owns the source. `status`: what it was answered with. */
export const report = (
  parts: ReportParts,
  routed: RoutedSource | undefined,
  asked: Asked,
  { result, status }: { readonly result: Result; readonly status: number },
): void => {
  observe(parts, routed, asked, result);
  if (routed === undefined || "outcome" in result) return;
  const reason = shownReason(result.refusal.reason);
  if (reason === null) return;
  parts.refused.note(routed.source, {
    reason,
    status,
    method: asked.method,
    senderAddress: asked.senderAddress,
    bodyBytes: result.bodyBytes ?? asked.announcedBytes,
    receivedAtMs: parts.clock.nowMs(),
  });
};
