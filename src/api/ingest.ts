import type { IncomingMessage, ServerResponse } from "node:http";

import { senderAddressOf } from "../ingest/sender-address.ts";
import type { RoutedSource } from "../routing/table.ts";
import { addressOf, type IngestAddress, sourceAt } from "./_ingest-address.ts";
import { type IngestAnswer, refusalAnswer, sendAnswer, writeRequestId } from "./_ingest-answers.ts";
import { type Call, forwardedForOf, handle, methodOf } from "./_ingest-request.ts";
import { type Asked, report, type Result, unavailable } from "./_ingest-result.ts";
import type { IngestParts } from "./ingest-parts.ts";

const announcedBytes = ({ headers }: IncomingMessage): number => Number(headers["content-length"] ?? 0) || 0;

const askedOf = ({ request, senderAddress, startedMs }: Call): Asked => ({
  method: methodOf(request),
  senderAddress,
  startedMs,
  announcedBytes: announcedBytes(request),
});

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
      const { answer: what, close } = answerOf(result, call, requestId);
      report(parts, routed, askedOf(call), { result, status: what.status });
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
