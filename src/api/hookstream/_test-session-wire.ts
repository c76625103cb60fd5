import { z } from "zod";

import type { ReceivedEvent } from "../../events/read-received.ts";
import { isoSeconds } from "../../lib/clock.ts";
import type { SessionResponse, Source } from "../../routing/source.ts";
import { toWireId, wireId, wireInstant } from "./_fields.ts";

/** The fields of an answer. */
type Fields<Wire> = { readonly [Name in keyof Wire]: z.ZodType<Wire[Name]> };

type WireResponse = { status: number; content_type: string; body: string };

/** A test session as answers show it. */
export type WireSession = {
  session_id: string;
  url: string;
  expires_at: string;
  request_limit: number;
  request_count: number;
  response: WireResponse | null;
};

/** Spread into an answer. */
export const sessionFields: Fields<WireSession> = {
  session_id: wireId,
  url: z.string().describe("What takes requests of any method."),
  expires_at: wireInstant,
  request_limit: z.int(),
  request_count: z.int(),
  response: z
    .object({ status: z.int(), content_type: z.string(), body: z.string() })
    .nullable()
    .describe("What the URL answers with. Null: the event's id."),
};

type Values = Record<string, string | string[]>;

/** A request that a session took. */
export type WireReceived = {
  id: string;
  source_id: string;
  method: string;
  content_type: string | null;
  source_ip: string | null;
  payload_size: number;
  received_at: string;
  headers: Values;
  query_params: Values;
  body: string;
  body_encoding: "utf8" | "base64";
};

const values = z.record(z.string(), z.union([z.string(), z.array(z.string())]));

export const wireReceived: z.ZodType<WireReceived> = z.object({
  id: wireId,
  source_id: wireId,
  method: z.string(),
  content_type: z.string().nullable(),
  source_ip: z.string().nullable(),
  payload_size: z.int(),
  received_at: wireInstant,
  headers: values.describe("A name that came more than once has a list."),
  query_params: values,
  body: z.string(),
  body_encoding: z.enum(["utf8", "base64"]),
});

const toWireResponse = ({ status, contentType, body }: SessionResponse): WireResponse => ({
  status,
  content_type: contentType,
  body,
});

export const toWireSession = (source: Source, requestCount: number, publicUrl: string): WireSession => {
  const id = toWireId(source.id);
  return {
    session_id: id,
    url: `${publicUrl}/v1/ingest/${id}`,
    expires_at: isoSeconds(source.expiresAtMs ?? source.createdAtMs),
    request_limit: source.requestLimit ?? 0,
    request_count: requestCount,
    response: source.sessionResponse === null ? null : toWireResponse(source.sessionResponse),
  };
};

/** `fromEntries` makes members of its own of any name, `__proto__` as well. */
const toValues = (pairs: Iterable<readonly [string, string]>): Values => {
  const byName = Map.groupBy(pairs, ([name]) => name);
  return Object.fromEntries(
    [...byName].map(([name, [first, ...rest]]) => [
      name,
      rest.length === 0 ? (first?.[1] ?? "") : [first?.[1] ?? "", ...rest.map(([, value]) => value)],
    ]),
  );
};

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const bodyOf = (body: Uint8Array): Pick<WireReceived, "body" | "body_encoding"> => {
  try {
    return { body: utf8.decode(body), body_encoding: "utf8" };
  } catch {
    return { body: Buffer.from(body).toString("base64"), body_encoding: "base64" };
  }
};

export const toWireReceived = ({ event, payload }: ReceivedEvent): WireReceived => ({
  id: toWireId(event.id),
  source_id: toWireId(event.sourceId),
  method: payload.method,
  content_type: event.contentType,
  source_ip: payload.senderAddress,
  payload_size: event.bodyBytes,
  received_at: isoSeconds(event.receivedAtMs),
  headers: toValues(payload.headers),
  query_params: toValues(new URLSearchParams(payload.query)),
  ...bodyOf(payload.body),
});

/** What the documentation shows. */
export const exampleSession: WireSession = {
  session_id: "019dc7f12b407c3e9d513f6b0a8e4c27",
  url: "https://hooks.example.com/v1/ingest/019dc7f12b407c3e9d513f6b0a8e4c27",
  expires_at: "2026-05-10T09:00:00Z",
  request_limit: 2000,
  request_count: 0,
  response: null,
};
