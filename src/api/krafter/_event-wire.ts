import { isUtf8 } from "node:buffer";

import { z } from "zod";

import { type Event, type EventStatus, eventStatuses, type Payload } from "../../events/event.ts";
import { isoSeconds } from "../../lib/clock.ts";
import { toWireDelivery, type WireDelivery, wireDelivery } from "./_delivery-wire.ts";
import { wireId, wireInstant } from "./_fields.ts";
import type { EventDetail } from "./ports.ts";

/** An event as lists show it. */
export type WireEvent = {
  id: string;
  source_id: string;
  event_type: string | null;
  status: EventStatus;
  signature_valid: boolean;
  created_at: string;
};

const eventFields = {
  id: wireId,
  source_id: wireId,
  event_type: z.string().nullable().describe("Null when the request did not say it."),
  status: z
    .enum(eventStatuses)
    .describe("From the newest delivery to each destination: any pending, any failed or cancelled, or all delivered."),
  signature_valid: z.boolean(),
  created_at: wireInstant,
};

export const wireEvent: z.ZodType<WireEvent> = z.object(eventFields);

export const toWireEvent = (event: Event): WireEvent => ({
  id: event.id,
  source_id: event.sourceId,
  event_type: event.eventType,
  status: event.status,
  signature_valid: event.signatureValid,
  created_at: isoSeconds(event.receivedAtMs),
});

/** What was received, for those who asked for it. */
type WirePayload = {
  signature_reason: string;
  method: string;
  query: string;
  sender_address: string | null;
  headers: readonly (readonly [string, string])[];
  body: string;
  body_encoding: "text" | "base64";
};

/** One event, with all that came of it. */
export type WireEventDetail = WireEvent & { deliveries: readonly WireDelivery[] } & Partial<WirePayload>;

const payloadFields = {
  signature_reason: z
    .enum(["ok", "no_secret", "missing_header", "malformed", "mismatch", "stale"])
    .exactOptional()
    .describe("This and what follows: with `include=payload`."),
  method: z.string().exactOptional(),
  query: z.string().exactOptional(),
  sender_address: z.string().nullable().exactOptional(),
  headers: z
    .array(z.tuple([z.string(), z.string()]))
    .exactOptional()
    .describe("Names in lower case, repeats kept. What carries the source's credential is `[redacted]`."),
  body: z.string().exactOptional(),
  body_encoding: z.enum(["text", "base64"]).exactOptional().describe("`base64` for bytes that are not UTF-8."),
};

export const wireEventDetail: z.ZodType<WireEventDetail> = z.object({
  ...eventFields,
  deliveries: z.array(wireDelivery),
  ...payloadFields,
});

/** This API knows no sources that do not verify: for it, they have nothing to verify with. */
const reasonOf = ({ signatureReason }: Event): string =>
  signatureReason === "skipped" ? "no_secret" : signatureReason;

const toWirePayload = (event: Event, payload: Payload): WirePayload => {
  const isText = isUtf8(payload.body);
  return {
    signature_reason: reasonOf(event),
    method: payload.method,
    query: payload.query,
    sender_address: payload.senderAddress,
    headers: payload.headers,
    body: Buffer.from(payload.body).toString(isText ? "utf8" : "base64"),
    body_encoding: isText ? "text" : "base64",
  };
};

export const toWireEventDetail = (
  { event, deliveries, payload }: EventDetail,
  include: { readonly attempts: boolean },
): WireEventDetail => ({
  ...toWireEvent(event),
  deliveries: deliveries.map((delivery) => toWireDelivery(delivery, include)),
  ...(payload === null ? {} : toWirePayload(event, payload)),
});
