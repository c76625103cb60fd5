import type { Headers } from "../lib/headers.ts";
import { findHeader } from "../lib/headers.ts";
import { credentialPlaces } from "../providers/credential-headers.ts";
import { resign } from "../providers/sign.ts";
import { envelopeOf } from "./envelope.ts";
import { forwardedHeaders } from "./forwarded-headers.ts";
import { dialectHeaders, dressed } from "./own-headers.ts";
import type { RequestParts } from "./request-parts.ts";

/** What goes out. */
export type OutgoingRequest = {
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Names of headers that no log may show, in lower case. */
  readonly secretNames: readonly string[];
};

/** Signatures with a time are made again when the first one may be too old for the receiver's check. */
const senderHeaders = (parts: RequestParts): Headers => {
  const { preset, payload, event, sourceSecret, destination, delivery, attempt } = parts;
  const isLate = attempt.number > 1 || delivery.isReplay;
  const isAsItCame = destination.payloadFormat === "raw" && parts.transformed === null;
  const mayResign = destination.resign && isAsItCame && event.signatureValid;
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
  if (destination.payloadFormat === "envelope" || parts.transformed !== null) {
    return forwarded.filter(([name]) => !name.startsWith("content-"));
  }
  // A request has one content type. A sender that wrote two gets the first.
  const firstType = forwarded.find(([name]) => name === "content-type");
  return forwarded.filter((header) => header[0] !== "content-type" || header === firstType);
};

const bodyOf = ({ transformed, destination, event, payload }: RequestParts): Uint8Array => {
  const body = transformed ?? payload.body;
  return destination.payloadFormat === "envelope" ? envelopeOf({ ...event, eventId: event.id, body }) : body;
};

/** The request of one attempt. Pure: the same parts make the same bytes. */
export const buildRequest = (parts: RequestParts): OutgoingRequest => {
  const { names, outgoing, attempt } = parts;
  const body = bodyOf(parts);
  const forwarded = passedOn(parts);
  const contentType: Headers =
    findHeader(forwarded, "content-type") === undefined ? [["content-type", "application/json"]] : [];
  const headers: Headers = [
    ...contentType,
    ...forwarded,
    ...dialectHeaders(parts, body),
    ["user-agent", names.userAgent],
  ];
  return { ...dressed(headers, outgoing, { body, nowMs: attempt.nowMs }), body };
};
