import { isUtf8 } from "node:buffer";

import { z } from "zod";

import type { VerificationStatus } from "../../events/across.ts";
import type { DedupStatus, Event, Payload } from "../../events/event.ts";
import { isoSeconds } from "../../lib/clock.ts";
import { parseExactJson } from "../../lib/exact-json.ts";
import type { Headers } from "../../lib/headers.ts";
import { toWireAttempt, type WireAttempt, wireAttempt } from "./_attempt-wire.ts";
import { toWireStatus, wireStatuses } from "./_event-query.ts";
import { toWireId, wireId, wireInstant } from "./_fields.ts";
import type { EventDetail, ListedEvent } from "./ports.ts";

type WireStatus = ReturnType<typeof toWireStatus>;

/** An event as lists show it. */
export type WireEvent = {
  id: string;
  source_id: string;
  org_id: string;
  env_id: string;
  method: string;
  content_type: string | null;
  source_ip: string | null;
  payload_size: number;
  verification_status: VerificationStatus;
  dedup_status: DedupStatus;
  status: WireStatus;
  received_at: string;
  source_name: string;
  source_slug: string;
};

const listed = {
  id: wireId,
  source_id: wireId,
  org_id: wireId,
  env_id: wireId,
  method: z.string(),
  content_type: z.string().nullable(),
  source_ip: z.string().nullable(),
  payload_size: z.int().describe("Bytes that came, kept or not."),
  verification_status: z
    .enum(["verified", "failed", "skipped", "schema_invalid"])
    .describe("`skipped`: the source does not verify. `schema_invalid`: it does not fit the source's schema."),
  dedup_status: z.enum(["unique", "duplicate"]).describe("A duplicate is stored without its body, and goes nowhere."),
  status: z.enum(wireStatuses).describe("From the newest delivery of each connection. Without any: `received`."),
  received_at: wireInstant,
  source_name: z.string(),
  source_slug: z.string(),
};

export const wireEvent: z.ZodType<WireEvent> = z.object(listed);

/** What came of an event's signature and body, in one word. */
export const verificationStatusOf = ({ schemaValid, signatureReason, signatureValid }: Event): VerificationStatus => {
  if (schemaValid === false) return "schema_invalid";
  if (signatureReason === "skipped") return "skipped";
  return signatureValid ? "verified" : "failed";
};

export const toWireEvent = ({ event, source, sender }: ListedEvent): WireEvent => ({
  id: toWireId(event.id),
  source_id: toWireId(event.sourceId),
  org_id: toWireId(event.teamId),
  env_id: toWireId(event.envId),
  method: event.method ?? sender?.method ?? "POST",
  content_type: event.contentType,
  source_ip: sender?.senderAddress ?? null,
  payload_size: event.bodyBytes,
  verification_status: verificationStatusOf(event),
  dedup_status: event.dedup ?? "unique",
  status: toWireStatus(event.status),
  received_at: isoSeconds(event.receivedAtMs),
  source_name: source.name,
  source_slug: source.slug,
});

/** One event with its request, and all that came of it. */
export type WireEventDetail = WireEvent & {
  headers: Readonly<Record<string, string>> | null;
  query_params: Readonly<Record<string, string | readonly string[]>> | null;
  payload_inline: string | null;
  payload_ref: null;
  payload: unknown;
  verification_error: string | null;
  dedup_hash: null;
  topic: null;
  payload_encoding: "text" | "base64";
  event_type: string | null;
  delivery_attempts: readonly WireAttempt[];
};

export const wireEventDetail: z.ZodType<WireEventDetail> = z.object({
  ...listed,
  headers: z
    .record(z.string(), z.string())
    .nullable()
    .describe("Names in lower case, repeats joined. What carries the source's credential is `[redacted]`."),
  query_params: z
    .record(z.string(), z.union([z.string(), z.array(z.string())]))
    .nullable()
    .describe("A name that came several times has a list."),
  payload_inline: z.string().nullable().describe("The body as it came. Null: it was not kept."),
  payload_ref: z.null(),
  payload: z.unknown().describe("The body: what it says as JSON, else its text. Null for bytes that are no text."),
  verification_error: z.string().nullable(),
  dedup_hash: z.null(),
  topic: z.null(),
  payload_encoding: z.enum(["text", "base64"]).describe("Of `payload_inline`: `base64` for bytes that are not UTF-8."),
  event_type: z.string().nullable(),
  delivery_attempts: z.array(wireAttempt).describe("Oldest first."),
});

const verificationErrors: Readonly<Record<Exclude<Event["signatureReason"], "ok" | "skipped">, string>> = {
  no_secret: "The source has no secret to verify with",
  missing_header: "The signature is missing",
  malformed: "The signature is malformed",
  mismatch: "The signature does not match",
  stale: "The signature is too old",
};

const verificationErrorOf = (event: Event): string | null => {
  if (event.schemaValid === false) return "The body does not fit the source's JSON Schema";
  const { signatureReason } = event;
  return signatureReason === "ok" || signatureReason === "skipped" ? null : verificationErrors[signatureReason];
};

const toRecord = (headers: Headers): Record<string, string> => {
  const grouped = Map.groupBy(headers, ([name]) => name);
  return Object.fromEntries([...grouped].map(([name, all]) => [name, all.map(([, value]) => value).join(", ")]));
};

const toParams = (query: string): Record<string, string | string[]> => {
  const params = new URLSearchParams(query);
  return Object.fromEntries(
    [...new Set(params.keys())].map((name): [string, string | string[]] => {
      const [first = "", ...more] = params.getAll(name);
      return [name, more.length === 0 ? first : [first, ...more]];
    }),
  );
};

/** What a text says as JSON, its numbers of 64 bits whole; the text itself when it is none, or none that can be shown. */
const readText = (text: string): unknown => {
  try {
    return parseExactJson(text);
  } catch {
    return text;
  }
};

type Body = Pick<WireEventDetail, "payload_inline" | "payload" | "payload_encoding">;

const toBody = ({ bodyDropped }: Event, payload: Payload | null): Body => {
  if (payload === null || bodyDropped) return { payload_inline: null, payload: null, payload_encoding: "text" };
  const bytes = Buffer.from(payload.body);
  if (!isUtf8(bytes)) return { payload_inline: bytes.toString("base64"), payload: null, payload_encoding: "base64" };
  const text = bytes.toString();
  return { payload_inline: text, payload: text === "" ? null : readText(text), payload_encoding: "text" };
};

export const toWireEventDetail = ({ event, source, payload, attempts }: EventDetail): WireEventDetail => ({
  ...toWireEvent({ event, source, sender: payload }),
  headers: payload === null ? null : toRecord(payload.headers),
  query_params: payload === null ? null : toParams(payload.query),
  payload_ref: null,
  ...toBody(event, payload),
  verification_error: verificationErrorOf(event),
  dedup_hash: null,
  topic: null,
  event_type: event.eventType,
  delivery_attempts: attempts.map(toWireAttempt),
});
