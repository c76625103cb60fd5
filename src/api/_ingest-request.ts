import type { IncomingMessage } from "node:http";

import { mayAsk } from "../ingest/handshake.ts";
import type { Receipt } from "../ingest/receive.ts";
import type { GateRefusal } from "../ingest/refusal.ts";
import type { Headers } from "../lib/headers.ts";
import type { Id } from "../lib/ids.ts";
import type { IngestOutcome, IngestRefusalReason } from "../observe/ingest.ts";
import type { RoutedSource } from "../routing/table.ts";
import type { IngestAddress } from "./_ingest-address.ts";
import {
  handshakeAnswer,
  type IngestAnswer,
  type IngestRefusal,
  makesEvents,
  sessionAnswer,
  takenAnswer,
} from "./_ingest-answers.ts";
import { readBody } from "./_read-body.ts";
import type { IngestParts } from "./ingest-parts.ts";

/** A request that became no event. `as`: the reason as it is counted. `bodyBytes`: as many as came. */
export type Refused = {
  readonly refusal: IngestRefusal;
  readonly as: IngestRefusalReason;
  readonly close: boolean;
  readonly bodyBytes: number | null;
};
/** What a request came to. */
export type Result = { readonly outcome: IngestOutcome; readonly answer: IngestAnswer } | Refused;
/** A request, and what is known of it before it is read. */
export type Call = {
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
/** Refused for a reason of ours. */
export const unavailable = (as: IngestRefusalReason, close: boolean): Refused =>
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

/** The method of a request. */
export const methodOf = ({ method = "POST" }: IncomingMessage): string => method;

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

/** Who says that it forwarded a request. */
export const forwardedForOf = (request: IncomingMessage): readonly string[] => {
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
export const handle = (
  parts: IngestParts,
  routed: RoutedSource | undefined,
  call: Call,
): Result | Promise<Result | null> => {
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
