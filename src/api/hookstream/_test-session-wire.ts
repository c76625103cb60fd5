import { z } from "zod";

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

/** What the documentation shows. */
export const exampleSession: WireSession = {
  session_id: "019dc7f12b407c3e9d513f6b0a8e4c27",
  url: "https://hooks.example.com/v1/ingest/019dc7f12b407c3e9d513f6b0a8e4c27",
  expires_at: "2026-05-10T09:00:00Z",
  request_limit: 2000,
  request_count: 0,
  response: null,
};
