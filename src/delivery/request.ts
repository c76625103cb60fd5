import type { Event, Payload } from "../events/event.ts";
import type { Headers } from "../lib/headers.ts";
import { findHeader } from "../lib/headers.ts";
import type { Id } from "../lib/ids.ts";
import { credentialPlaces } from "../providers/credential-headers.ts";
import type { Preset } from "../providers/preset.ts";
import { resign } from "../providers/sign.ts";
import type { Destination } from "../routing/destination.ts";
import { signDelivery } from "../signing/delivery.ts";
import { envelopeOf } from "./envelope.ts";
import { forwardedHeaders } from "./forwarded-headers.ts";

/** What the gateway calls itself, and the middle of its own header names. */
export type SenderNames = { readonly headerPrefix: string; readonly userAgent: string };

/** Everything that one attempt's request is made of. */
export type RequestParts = {
  readonly names: SenderNames;
  readonly event: Event;
  readonly payload: Payload;
  /** Null when the source or its provider is gone: then the sender's own headers are unknown, and none is forwarded. */
  readonly preset: Preset | null;
  /** The source's current secret, with which a stale provider signature is made again. */
  readonly sourceSecret: string | null;
  readonly destination: Pick<Destination, "forwardHeaders" | "payloadFormat" | "resign">;
  /** The destination's secret, then the one that still signs beside it. */
  readonly secrets: readonly string[];
  readonly delivery: { readonly id: Id; readonly connectionId: Id; readonly isReplay: boolean };
  readonly attempt: { readonly id: Id; readonly number: number; readonly nowMs: number };
};

/** What goes out. */
export type OutgoingRequest = { readonly headers: Headers; readonly body: Uint8Array };

/** The id that a receiver drops repeats by: the same for every attempt and replay of an event along a connection. */
export const webhookIdOf = (eventId: Id, connectionId: Id): string =>
  `msg_${eventId.replaceAll("-", "")}_${connectionId.replaceAll("-", "")}`;

/** Signatures with a time are made again when the first one may be too old for the receiver's check. */
const senderHeaders = (parts: RequestParts): Headers => {
  const { preset, payload, event, sourceSecret, destination, delivery, attempt } = parts;
  const isLate = attempt.number > 1 || delivery.isReplay;
  const mayResign = destination.resign && destination.payloadFormat === "raw" && event.signatureValid;
  if (preset === null || sourceSecret === null || !isLate || !mayResign) return payload.headers;
  return resign(preset.verification, payload, { secret: sourceSecret, nowMs: attempt.nowMs }) ?? payload.headers;
};

const passedOn = (parts: RequestParts): Headers => {
  const { preset, destination, names } = parts;
  const forwarded = forwardedHeaders(senderHeaders(parts), {
    ownHeaders: preset?.ownHeaders ?? [],
    forwardHeaders: destination.forwardHeaders,
    credentialHeaders: preset === null ? [] : credentialPlaces(preset.verification).headers,
    headerPrefix: names.headerPrefix,
  });
  if (destination.payloadFormat === "envelope") {
    return forwarded.filter(([name]) => !name.startsWith("content-"));
  }
  // A request has one content type. A sender that wrote two gets the first.
  const firstType = forwarded.find(([name]) => name === "content-type");
  return forwarded.filter((header) => header[0] !== "content-type" || header === firstType);
};

/** The request of one attempt. Pure: the same parts make the same bytes. */
export const buildRequest = (parts: RequestParts): OutgoingRequest => {
  const { names, event, payload, destination, delivery, attempt } = parts;
  const body =
    destination.payloadFormat === "envelope"
      ? envelopeOf({ ...event, eventId: event.id, body: payload.body })
      : payload.body;
  const signed = signDelivery({
    headerPrefix: names.headerPrefix,
    secrets: parts.secrets,
    body,
    deliveryWebhookId: webhookIdOf(event.id, delivery.connectionId),
    attemptId: attempt.id,
    nowMs: attempt.nowMs,
    eventType: event.eventType,
  });
  const forwarded = passedOn(parts);
  const contentType: Headers =
    findHeader(forwarded, "content-type") === undefined ? [["content-type", "application/json"]] : [];
  return {
    headers: [
      ...contentType,
      ...forwarded,
      ...signed,
      [`x-${names.headerPrefix}-delivery-id`, delivery.id],
      [`x-${names.headerPrefix}-attempt`, String(attempt.number)],
      ["user-agent", names.userAgent],
    ],
    body,
  };
};
