import type { Clock } from "../lib/clock.ts";
import { findHeader } from "../lib/headers.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Send, SendResult } from "../outbound/send.ts";
import type { RoutedDestination, RoutingTable } from "../routing/table.ts";
import type { Attempt } from "./attempt-log.ts";
import type { AttemptCode, AttemptOutcome } from "./outcome.ts";
import { buildRequest, type SenderNames } from "./request.ts";
import { readRetryAfterMs } from "./retry-policy.ts";
import type { StoredEvent, Work } from "./work.ts";

/** What an attempt needs. */
export type AttemptContext = {
  readonly clock: Clock;
  readonly ids: Ids;
  readonly table: RoutingTable;
  readonly send: Send;
  readonly names: SenderNames;
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

type Ended = { id: Id; startedAtMs: number; outcome: AttemptOutcome; result: SendResult | null };

const attemptOf = (work: Work, { id, startedAtMs, outcome, result }: Ended): Attempted => ({
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
  },
});

/** An attempt that ended before anything was sent. */
export const failedUnsent = (
  context: Pick<AttemptContext, "clock" | "ids">,
  work: Work,
  code: Extract<AttemptCode, "crashed" | "signature">,
  error: string,
): Attempted =>
  attemptOf(work, {
    id: context.ids.next(),
    startedAtMs: context.clock.nowMs(),
    outcome: { kind: "failed", code, status: null, error, retryAfterMs: null },
    result: null,
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
  readonly signal: AbortSignal;
};

/** Tries a delivery once, if we can. Resolves whatever happens: a failed attempt is an outcome. */
export const performAttempt = async (
  context: AttemptContext,
  { work, stored, routed, signal }: Try,
): Promise<Attempted | NotAttempted> => {
  const { clock, ids, table, send, names } = context;
  const { destination } = routed;
  const startedAtMs = clock.nowMs();
  const secrets = routed.secretsAt(startedAtMs);
  if (secrets.kind === "unreadable") {
    return failedUnsent(context, work, "signature", "the destination's secret cannot be opened with the present keys");
  }
  const { delivery } = work;
  const attemptId = ids.next();
  const { headers, body } = buildRequest({
    names,
    event: stored.event,
    payload: stored.payload,
    preset: table.source(delivery.sourceId)?.preset ?? null,
    sourceSecret: sourceSecretOf(table, delivery.sourceId, startedAtMs),
    destination,
    secrets: secrets.secrets,
    delivery: { id: delivery.id, connectionId: delivery.connectionId, isReplay: delivery.isReplay },
    attempt: { id: attemptId, number: delivery.attempts + 1, nowMs: startedAtMs },
  });
  const result = await send({
    url: destination.url,
    method: "POST",
    headers,
    body,
    timeoutMs: destination.timeoutMs,
    signal,
  });
  if (result.kind === "unavailable") return result;
  return attemptOf(work, { id: attemptId, startedAtMs, outcome: outcomeOf(result, clock.nowMs()), result });
};
