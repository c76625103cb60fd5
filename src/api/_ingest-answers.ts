import type { ServerResponse } from "node:http";

import type { SchemaErrors } from "../ingest/judge.ts";
import type { RefusedReason } from "../ingest/refusal.ts";
import type { Id } from "../lib/ids.ts";
import type { HandshakeAnswer } from "../providers/handshake.ts";
import type { IngestVia } from "../routing/ingest-url.ts";
import type { SessionResponse } from "../routing/source.ts";
import { retryAfterSeconds } from "./send-json.ts";

/** A browser that is made to open an ingest URL runs nothing and guesses no type: what is there was sent by strangers. */
export const safeHeaders = {
  "content-security-policy": "sandbox; default-src 'none'",
  "x-content-type-options": "nosniff",
} as const;

/** An answer, whole. */
export type IngestAnswer = { readonly status: number; readonly body: string; readonly headers: Record<string, string> };

/** Why a request became no event. `unavailable`: for a reason of ours, which the sender is not told. */
export type IngestRefusal =
  | {
      readonly reason: Exclude<RefusedReason, "rate_limited" | "schema_invalid"> | "unknown" | "method" | "unavailable";
    }
  | { readonly reason: "rate_limited"; readonly retryAfterMs: number }
  | { readonly reason: "schema_invalid"; readonly errors: SchemaErrors };

type Words = { readonly status: number; readonly code: string; readonly sentence: string };

const words: Readonly<Record<IngestRefusal["reason"], Words>> = {
  unknown: { status: 404, code: "not_found", sentence: "Source not found" },
  method: { status: 405, code: "method_not_allowed", sentence: "Method not allowed" },
  expired: { status: 410, code: "expired", sentence: "Source has expired" },
  request_limit: { status: 429, code: "request_limit_reached", sentence: "Request limit reached" },
  disabled: { status: 403, code: "source_disabled", sentence: "Source is disabled" },
  ip_denied: { status: 403, code: "forbidden", sentence: "Forbidden" },
  ip_not_allowed: { status: 403, code: "forbidden", sentence: "Forbidden" },
  rate_limited: { status: 429, code: "rate_limited", sentence: "Too many requests" },
  too_large: { status: 413, code: "payload_too_large", sentence: "Payload too large" },
  invalid_signature: { status: 401, code: "invalid_signature", sentence: "Invalid signature" },
  schema_invalid: { status: 422, code: "schema_invalid", sentence: "Payload does not match the source's schema" },
  unavailable: { status: 503, code: "overloaded", sentence: "Service unavailable" },
};

const allowed: Readonly<Record<IngestVia, string>> = { slug: "POST", id: "GET, POST, PUT, PATCH, DELETE" };

/** Whether requests of this method become events. */
export const makesEvents = (via: IngestVia, method: string): boolean => allowed[via].split(", ").includes(method);

/** What is told beside the error itself. */
const detailsOf = (refusal: IngestRefusal): Readonly<Record<string, unknown>> => {
  if (refusal.reason === "ip_denied") return { reason: "IP is in deny list" };
  if (refusal.reason === "ip_not_allowed") return { reason: "IP is not in allow list" };
  return refusal.reason === "schema_invalid" ? { validation_errors: refusal.errors } : {};
};

const headersFor = (refusal: IngestRefusal, via: IngestVia): Record<string, string> => {
  if (refusal.reason === "method") return { allow: allowed[via] };
  if (refusal.reason === "unavailable") return { "retry-after": retryAfterSeconds };
  return refusal.reason === "rate_limited"
    ? { "retry-after": String(Math.max(1, Math.ceil(refusal.retryAfterMs / 1000))) }
    : {};
};

const whole = (status: number, body: string, headers: Record<string, string>): IngestAnswer => ({
  status,
  // As text, it is written together with the headers, in one system call. Bytes would also let Node write the
  // `100 Continue` of a request that waits behind others between its head and its body.
  body,
  headers: { "content-length": String(Buffer.byteLength(body)), ...safeHeaders, ...headers },
});

const json = (status: number, content: object, headers: Record<string, string> = {}): IngestAnswer =>
  whole(status, JSON.stringify(content), { "content-type": "application/json", ...headers });

/** What a refused request is told, in the words of whoever shows such URLs. */
export const refusalAnswer = (refusal: IngestRefusal, via: IngestVia, requestId: string): IngestAnswer => {
  const { status, code, sentence } = words[refusal.reason];
  const details = detailsOf(refusal);
  const headers = headersFor(refusal, via);
  return via === "slug"
    ? json(status, { error: code, ...details }, headers)
    : json(status, { error: sentence, status, request_id: requestId, ...details }, headers);
};

/** A refusal in a sentence of its own, as `/v1/ingest` writes them. */
export const plainRefusal = (status: number, error: string, requestId: string): IngestAnswer =>
  json(status, { error, status, request_id: requestId });

const ok = json(200, { ok: true });

const wireId = (id: Id): string => id.replaceAll("-", "");

/** What became of an event, for its sender. `eventId` null: it was dropped, which is not told. */
export type Taken = { readonly eventId: Id | null; readonly sourceId: Id; readonly duplicate: boolean };

/** What the sender of an event is told, whether its signature is valid or not. */
export const takenAnswer = ({ eventId, sourceId, duplicate }: Taken, via: IngestVia): IngestAnswer =>
  via === "slug"
    ? ok
    : json(200, {
        event_id: eventId === null ? null : wireId(eventId),
        source_id: wireId(sourceId),
        ...(duplicate ? { duplicate } : {}),
      });

/** An answer that cannot have content announces none (RFC 9110, section 8.6). */
const withoutContent = ({ status, headers }: IngestAnswer): IngestAnswer => {
  const { "content-length": _length, "content-type": _type, ...rest } = headers;
  return { status, body: "", headers: rest };
};

const isWithoutContent = (status: number): boolean => status === 204 || status === 205 || status === 304;

const chosen = (status: number, body: string, headers: Record<string, string>): IngestAnswer => {
  const answer = whole(status, body, headers);
  return isWithoutContent(status) ? withoutContent(answer) : answer;
};

/** The answer that the maker of a source chose for all of its senders. */
export const sessionAnswer = ({ status, contentType, body }: SessionResponse): IngestAnswer =>
  chosen(status, body, { "content-type": `${contentType}; charset=utf-8` });

/** The answer to a sender's question. */
export const handshakeAnswer = ({ status, headers, body }: HandshakeAnswer): IngestAnswer =>
  chosen(status, body, Object.fromEntries(headers));

/** How ids of requests are written, beside each dialect's other words. */
export const writeRequestId = (id: Id, via: IngestVia): string => (via === "slug" ? id : `req_${wireId(id)}`);

/** Sends an answer, unless the sender is gone. `close` gives the connection up: its body was not read whole. */
export const sendAnswer = (
  response: ServerResponse,
  { status, body, headers }: IngestAnswer,
  { requestId, close }: { requestId: string; close: boolean },
): void => {
  if (response.destroyed || response.headersSent) return;
  if (close) response.shouldKeepAlive = false;
  response.writeHead(status, { ...headers, "x-request-id": requestId });
  response.end(body);
};
