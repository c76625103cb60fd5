import type { IncomingMessage, ServerResponse } from "node:http";

import type { ByteBudget } from "../ingest/byte-budget.ts";
import type { Gate } from "../ingest/gate.ts";
import { mayAsk } from "../ingest/handshake.ts";
import type { Receipt, Receive } from "../ingest/receive.ts";
import type { GateRefusal, RefusedReason } from "../ingest/refusal.ts";
import type { RefusedLog } from "../ingest/refused-log.ts";
import { senderAddressOf } from "../ingest/sender-address.ts";
import type { Clock } from "../lib/clock.ts";
import type { Headers } from "../lib/headers.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { AddressSet } from "../lib/ip.ts";
import type { IngestOutcome, IngestRefusalReason } from "../observe/ingest.ts";
import type { Observer } from "../observe/observe.ts";
import type { RoutedSource, RoutingTable } from "../routing/table.ts";
import { addressOf, type IngestAddress, sourceAt } from "./_ingest-address.ts";
import {
  handshakeAnswer,
  type IngestAnswer,
  type IngestRefusal,
  makesEvents,
  refusalAnswer,
  sendAnswer,
  sessionAnswer,
  takenAnswer,
  writeRequestId,
} from "./_ingest-answers.ts";
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

/** `as`: the reason as it is counted. `bodyBytes`: as many as came. */
type Refused = {
  readonly refusal: IngestRefusal;
  readonly as: IngestRefusalReason;
  readonly close: boolean;
  readonly bodyBytes: number | null;
};
type Result = { readonly outcome: IngestOutcome; readonly answer: IngestAnswer } | Refused;
type Call = {
  readonly request: IncomingMessage;
  readonly address: IngestAddress;
  readonly senderAddress: string | null;
  readonly startedMs: number;
};

const refuse = (
  refusal: IngestRefusal,
  as: IngestRefusalReason,
  { close = false, bodyBytes = null }: { close?: boolean; bodyBytes?: number | null } = {},
): Refused => ({ refusal, as, close, bodyBytes });

const unknown = (): Refused => refuse({ reason: "unknown" }, "unknown_slug", { close: true });
const refuseAtGate = (reason: GateRefusal): Refused => refuse({ reason }, reason, { close: true });
const unavailable = (as: IngestRefusalReason, close: boolean): Refused =>
  refuse({ reason: "unavailable" }, as, { close });

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

const outcomeOf = (eventId: Id | null, valid: boolean, duplicate: boolean): IngestOutcome => {
  if (eventId === null) return "dropped";
  if (duplicate) return "duplicate";
  return valid ? "stored" : "invalid";
};

const takenResult = (
  { eventId, valid, duplicate }: { eventId: Id | null; valid: boolean; duplicate: boolean },
  { source }: RoutedSource,
  { address }: Call,
): Result => {
  const { sessionResponse } = source;
  return {
    outcome: outcomeOf(eventId, valid, duplicate),
    answer:
      sessionResponse === null
        ? takenAnswer({ eventId, sourceId: source.id, duplicate }, address.via)
        : sessionAnswer(sessionResponse),
  };
};

const resultOf = (receipt: Receipt, routed: RoutedSource, call: Call, bodyBytes: number): Result => {
  switch (receipt.kind) {
    case "stored":
      return takenResult(receipt, routed, call);
    case "dropped":
      return takenResult({ eventId: null, valid: false, duplicate: false }, routed, call);
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
        return resultOf(receipt, current, call, read.body.byteLength);
      } finally {
        share.give(read.takenBytes);
      }
  }
};

const isStored = (result: Result | null): boolean =>
  result !== null && "outcome" in result && result.outcome !== "handshake" && result.outcome !== "dropped";

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

const note = ({ refused, clock }: IngestParts, routed: RoutedSource | undefined, call: Call, result: Result): void => {
  if (routed === undefined || "outcome" in result) return;
  const reason = shownReason(result.refusal.reason);
  if (reason === null) return;
  refused.note(routed.source, {
    reason,
    method: methodOf(call.request),
    senderAddress: call.senderAddress,
    bodyBytes: result.bodyBytes ?? announcedBytes(call.request),
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
      note(parts, routed, call, result);
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
