import type { IncomingMessage, ServerResponse } from "node:http";

import type { ByteBudget } from "../ingest/byte-budget.ts";
import type { Gate } from "../ingest/gate.ts";
import { mayAsk } from "../ingest/handshake.ts";
import type { Receive } from "../ingest/receive.ts";
import type { GateRefusal } from "../ingest/refusal.ts";
import type { RefusedLog } from "../ingest/refused-log.ts";
import { senderAddressOf } from "../ingest/sender-address.ts";
import type { Clock } from "../lib/clock.ts";
import type { Headers } from "../lib/headers.ts";
import type { Ids } from "../lib/ids.ts";
import type { AddressSet } from "../lib/ip.ts";
import type { Observer } from "../observe/observe.ts";
import type { RoutedSource, RoutingTable } from "../routing/table.ts";
import { addressOf, type IngestAddress, sourceAt } from "./_ingest-address.ts";
import { type IngestAnswer, makesEvents, refusalAnswer, sendAnswer, writeRequestId } from "./_ingest-answers.ts";
import {
  type Asked,
  isStored,
  refuse,
  refuseAtGate,
  report,
  type Result,
  resultOf,
  unavailable,
  unknown,
} from "./_ingest-result.ts";
import { readBody } from "./_read-body.ts";

/** What the ingest URLs need. */
export type IngestParts = {
  readonly table: RoutingTable;
  /** Brings the table up to date with what other processes did. False: the store cannot be asked. Null: nobody else changes it. */
  readonly freshen: (() => Promise<boolean>) | null;
  readonly gate: Gate;
  readonly receive: Receive;
  readonly refused: Pick<RefusedLog, "note">;
  readonly budget: ByteBudget;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly ids: Ids;
  readonly trustedProxies: AddressSet;
  /** Largest body where the source has no limit of its own. */
  readonly bodyBytesMax: number;
  readonly isShortOfDisk: () => boolean;
  readonly observer: Pick<Observer, "ingested" | "ingestRefused" | "faulted">;
};

type Call = {
  readonly request: IncomingMessage;
  readonly address: IngestAddress;
  readonly senderAddress: string | null;
  readonly startedMs: number;
};

/** Node gives names as they were written and values as latin1, in one flat list. */
const headersOf = ({ rawHeaders }: IncomingMessage): Headers => {
  const headers: [string, string][] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.push([(rawHeaders[at] ?? "").toLowerCase(), rawHeaders[at + 1] ?? ""]);
  }
  return headers;
};

const queryOf = (url: string): string => {
  const at = url.indexOf("?");
  return at === -1 ? "" : url.slice(at + 1);
};

const methodOf = ({ method = "POST" }: IncomingMessage): string => method;

const forwardedForOf = (request: IncomingMessage): readonly string[] => {
  const value = request.headers["x-forwarded-for"];
  return value === undefined ? [] : [value].flat();
};

const takeBody = async (parts: IngestParts, routed: RoutedSource, call: Call): Promise<Result | null> => {
  const { request, address } = call;
  const { source } = routed;
  const share = parts.budget.shareOf(source.id);
  const read = await readBody(request, share, source.bodyLimitBytes ?? parts.bodyBytesMax);
  switch (read.kind) {
    case "aborted":
      return null;
    case "too_large":
      return refuse({ reason: "too_large" }, "too_large", { close: !request.complete });
    case "no_room":
      return unavailable("overloaded", true);
    case "read":
      try {
        // Reading may have taken half a minute: what counts is the source as it is now, its secrets above all.
        const current = parts.table.source(source.id);
        if (current === undefined) return refuse({ reason: "unknown" }, "unknown_slug");
        const method = methodOf(request);
        const receipt = await parts.receive(
          current,
          {
            via: address.via,
            method,
            query: queryOf(request.url ?? ""),
            headers: headersOf(request),
            body: read.body,
            senderAddress: call.senderAddress,
            receivedAtMs: parts.clock.nowMs(),
          },
          makesEvents(address.via, method) ? "event" : "question",
        );
        return resultOf(receipt, current, address.via, read.body.byteLength);
      } finally {
        share.give(read.takenBytes);
      }
  }
};

/** What comes behind the gate. */
const admit = (
  parts: IngestParts,
  routed: RoutedSource,
  call: Call,
  refusal: GateRefusal | null,
): Result | Promise<Result | null> => {
  if (refusal !== null) return refuseAtGate(refusal);
  if (parts.isShortOfDisk()) {
    parts.gate.leave(routed, false);
    return unavailable("disk", true);
  }
  let result: Result | null = null;
  return takeBody(parts, routed, call)
    .then((taken) => (result = taken))
    .finally(() => parts.gate.leave(routed, isStored(result)));
};

/** What is refused unread is refused at once: the parser is about to come to what stands behind it in the same packet. */
const handle = (parts: IngestParts, routed: RoutedSource | undefined, call: Call): Result | Promise<Result | null> => {
  if (routed?.source.kind !== "webhook") return unknown();
  const method = methodOf(call.request);
  if (!makesEvents(call.address.via, method) && !mayAsk(routed, method)) {
    return refuse({ reason: "method" }, "method", { close: true });
  }
  const refusal = parts.gate.enter(routed, { senderAddress: call.senderAddress, nowMs: parts.clock.nowMs() });
  return refusal instanceof Promise
    ? refusal.then((found) => admit(parts, routed, call, found))
    : admit(parts, routed, call, refusal);
};

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
      report(parts, routed, askedOf(call), result);
      const { answer: what, close } = answerOf(result, call, requestId);
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
