import type { IncomingMessage, ServerResponse } from "node:http";

import type { RefusedReason } from "../ingest/refusal.ts";
import { senderAddressOf } from "../ingest/sender-address.ts";
import type { Id } from "../lib/ids.ts";
import type { RoutedSource } from "../routing/table.ts";
import { addressOf, type IngestAddress, sourceAt } from "./_ingest-address.ts";
import { type IngestAnswer, type IngestRefusal, refusalAnswer, sendAnswer, writeRequestId } from "./_ingest-answers.ts";
import {
  type Call,
  forwardedForOf,
  handle,
  methodOf,
  type Refused,
  type Result,
  unavailable,
} from "./_ingest-request.ts";
import type { IngestParts } from "./ingest-parts.ts";

const observe = (
  { observer, clock }: IngestParts,
  routed: RoutedSource | undefined,
  { startedMs, senderAddress }: Call,
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

const announcedBytes = ({ headers }: IncomingMessage): number => Number(headers["content-length"] ?? 0) || 0;

/** `status`: what it was answered with. */
const note = (
  { refused, clock }: IngestParts,
  { source }: RoutedSource,
  call: Call,
  { refusal, bodyBytes, status }: Pick<Refused, "refusal" | "bodyBytes"> & { readonly status: number },
): void => {
  const reason = shownReason(refusal.reason);
  if (reason === null) return;
  refused.note(source, {
    reason,
    status,
    method: methodOf(call.request),
    senderAddress: call.senderAddress,
    bodyBytes: bodyBytes ?? announcedBytes(call.request),
    receivedAtMs: clock.nowMs(),
  });
};

const answerOf = (result: Result, { address }: Call, requestId: string): { answer: IngestAnswer; close: boolean } =>
  "outcome" in result
    ? { answer: result.answer, close: false }
    : { answer: refusalAnswer(result.refusal, address.via, requestId), close: result.close };

/**
 * The handler of `/in/:slug` and `/v1/ingest/:source_id`. It stands before the framework: this is the path that every event
 * takes. The source decides what becomes of a request, the URL in which words that is answered.
 */
export const createIngestHandler = (
  parts: IngestParts,
): ((request: IncomingMessage, response: ServerResponse) => void) => {
  const find = async (address: IngestAddress): Promise<RoutedSource | "unknown" | "unavailable"> => {
    if (parts.freshen !== null && !(await parts.freshen())) return "unavailable";
    return sourceAt(parts.table, address) ?? "unknown";
  };
  const answer = async (call: Call, response: ServerResponse): Promise<void> => {
    const { via } = call.address;
    const requestId = writeRequestId(parts.ids.next(), via);
    try {
      // Another process may have made it a moment ago.
      const found =
        sourceAt(parts.table, call.address) ?? (parts.freshen === null ? "unknown" : await find(call.address));
      const routed = typeof found === "string" ? undefined : found;
      const handled = found === "unavailable" ? unavailable("overloaded", true) : handle(parts, routed, call);
      const result = handled instanceof Promise ? await handled : handled;
      if (result === null) return;
      observe(parts, routed, call, result);
      const { answer: what, close } = answerOf(result, call, requestId);
      if (routed !== undefined && "refusal" in result) note(parts, routed, call, { ...result, status: what.status });
      sendAnswer(response, what, { requestId, close });
    } catch (error) {
      // Nothing was acknowledged, so the sender tries again: 503 says so better than 500.
      parts.observer.faulted({ task: "receive an event", error });
      sendAnswer(response, refusalAnswer({ reason: "unavailable" }, via, requestId), { requestId, close: true });
    }
    // What was not read is not waited for.
    if (!call.request.complete) call.request.resume();
  };
  return (request, response) => {
    const senderAddress = senderAddressOf(request.socket.remoteAddress, forwardedForOf(request), parts.trustedProxies);
    const startedMs = parts.clock.monotonicMs();
    void answer({ request, address: addressOf(request.url ?? ""), senderAddress, startedMs }, response);
  };
};
