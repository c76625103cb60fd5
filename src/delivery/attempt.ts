import type { Clock } from "../lib/clock.ts";
import { findHeader } from "../lib/headers.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Send, SendResult } from "../outbound/send.ts";
import type { Destination } from "../routing/destination.ts";
import type { Outgoing } from "../routing/outgoing.ts";
import type { RoutedDestination, RoutingTable } from "../routing/table.ts";
import type { Transform } from "../transforms/transform.ts";
import type { Attempt, Exchange } from "./attempt-log.ts";
import type { AttemptCode, AttemptOutcome } from "./outcome.ts";
import type { SenderNames } from "./request-parts.ts";
import { buildRequest, type OutgoingRequest } from "./request.ts";
import { readRetryAfterMs } from "./retry-policy.ts";
import { transformBody } from "./transform-body.ts";
import type { StoredEvent, Work } from "./work.ts";

/** What an attempt needs. */
export type AttemptContext = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly table: RoutingTable;
  readonly send: Send;
  readonly names: SenderNames;
  readonly transform: Transform;
};

/** An attempt, for the log, and what it means. */
export type Attempted = { readonly kind: "attempted"; readonly attempt: Attempt; readonly outcome: AttemptOutcome };

/** We had no means to try: no attempt, and nobody's failure. */
export type NotAttempted = { readonly kind: "unavailable"; readonly message: string };

/** What the receiver's answer, or the lack of one, comes to. */
const outcomeOf = (result: Exclude<SendResult, { kind: "unavailable" }>, nowMs: number): AttemptOutcome => {
  switch (result.kind) {
    case "answered": {
      const { status, headers } = result;
      if (status >= 200 && status < 300) return { kind: "succeeded", status };
      const retryAfterMs = readRetryAfterMs(findHeader(headers, "retry-after"), nowMs);
      return { kind: "failed", code: "status", status, error: `the receiver answered ${status}`, retryAfterMs };
    }
    case "failed":
      return { kind: "failed", code: result.code, status: null, error: result.message, retryAfterMs: null };
    case "cancelled":
      return { kind: "failed", code: "cancelled", status: null, error: "the gateway stopped", retryAfterMs: null };
  }
};

type Ended = {
  id: Id;
  startedAtMs: number;
  outcome: AttemptOutcome;
  result: SendResult | null;
  exchange: Exchange | null;
};

const attemptOf = (work: Work, { id, startedAtMs, outcome, result, exchange }: Ended): Attempted => ({
  kind: "attempted",
  outcome,
  attempt: {
    id,
    deliveryId: work.delivery.id,
    number: work.delivery.attempts + 1,
    code: outcome.kind === "failed" ? outcome.code : null,
    error: outcome.kind === "failed" ? outcome.error : null,
    responseStatus: outcome.status,
    responseBody: result?.kind === "answered" ? result.bodyStart : null,
    durationMs: Math.round(result?.durationMs ?? 0),
    startedAtMs,
    exchange,
  },
});

/** An attempt that ended before anything was sent. */
export const failedUnsent = (
  context: Pick<AttemptContext, "clock" | "ids">,
  work: Work,
  code: Extract<AttemptCode, "crashed" | "signature" | "transform">,
  error: string,
): Attempted =>
  attemptOf(work, {
    id: context.ids.next(),
    startedAtMs: context.clock.nowMs(),
    outcome: { kind: "failed", code, status: null, error, retryAfterMs: null },
    result: null,
    exchange: null,
  });

const sourceSecretOf = (table: RoutingTable, sourceId: Id, nowMs: number): string | null => {
  const secrets = table.source(sourceId)?.secretsAt(nowMs);
  return secrets?.kind === "opened" ? (secrets.secrets[0] ?? null) : null;
};

/** What is tried, and where to. The signal ends it when the process stops. */
export type Try = {
  readonly work: Work;
  readonly stored: StoredEvent;
  readonly routed: RoutedDestination;
  /** Told when the request goes out: to transform it may have taken its time. */
  readonly sends: () => void;
  readonly maySend: () => boolean;
  readonly signal: AbortSignal;
};

const redacted = "[redacted]";

/** What was exchanged, where the destination's API shows it. */
const exchangeOf = (
  { dialect, method, url }: Destination,
  { headers, body, secretNames }: OutgoingRequest,
  result: SendResult,
): Exchange | null =>
  dialect === "krafter"
    ? null
    : {
        method,
        url,
        requestHeaders: headers.map(([name, value]) => [name, secretNames.includes(name) ? redacted : value] as const),
        requestBytes: body.byteLength,
        responseHeaders: result.kind === "answered" ? result.headers : null,
      };

/** What goes out beside the event, opened; null when the present keys cannot. */
const openSecrets = (
  routed: RoutedDestination,
  nowMs: number,
): { readonly secrets: readonly string[]; readonly outgoing: Outgoing } | null => {
  const secrets = routed.secretsAt(nowMs);
  const outgoing = routed.outgoing();
  return secrets.kind === "unreadable" || outgoing === null ? null : { secrets: secrets.secrets, outgoing };
};

/** Tries a delivery once, if we can. Resolves whatever happens: a failed attempt is an outcome. */
export const performAttempt = async (
  context: AttemptContext,
  { work, stored, routed, sends, maySend, signal }: Try,
): Promise<Attempted | NotAttempted> => {
  const { clock, ids, table, send, names } = context;
  const { delivery } = work;
  const { destination } = routed;
  const startedAtMs = clock.nowMs();
  const opened = openSecrets(routed, startedAtMs);
  if (opened === null) {
    return failedUnsent(context, work, "signature", "the destination's secret cannot be opened with the present keys");
  }
  const made = await transformBody(context, delivery, stored);
  if (made.kind === "unavailable") return made;
  if (made.kind === "failed") return failedUnsent(context, work, "transform", made.error);
  const attemptId = ids.next();
  const request = buildRequest({
    ...opened,
    names,
    event: stored.event,
    payload: stored.payload,
    transformed: made.body,
    preset: table.source(delivery.sourceId)?.preset ?? null,
    sourceSecret: sourceSecretOf(table, delivery.sourceId, startedAtMs),
    destination,
    delivery: { id: delivery.id, connectionId: delivery.connectionId, isReplay: delivery.isReplay },
    attempt: { id: attemptId, number: delivery.attempts + 1, nowMs: startedAtMs },
  });
  const { url, method, timeoutMs } = destination;
  sends();
  const { headers, body } = request;
  const result = await send({ url, method, headers, body, timeoutMs, signal, mayGo: maySend });
  if (result.kind === "unavailable") return result;
  const outcome = outcomeOf(result, clock.nowMs());
  const exchange = exchangeOf(destination, request, result);
  return attemptOf(work, { id: attemptId, startedAtMs, outcome, result, exchange });
};
