import { hmacHeaders } from "./_hmac-headers.ts";
import { hmacOf } from "./_hmac-of.ts";
import { publicKeyHeaders } from "./_public-key.ts";
import { credentialPlaces } from "./credential-headers.ts";
import type { Preset, TextPlace } from "./preset.ts";
import type { HmacScheme, Scheme } from "./scheme.ts";

const namePattern = /^[a-z][a-z0-9_]{0,39}$/;

/** A field name of RFC 9110, in lower case. */
const headerPattern = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

const standardHeaders = ["signature", "timestamp", "id"];

const proofHeaders = (scheme: Scheme): readonly string[] => {
  if (scheme.kind === "public_key") return publicKeyHeaders(scheme);
  if (scheme.kind === "standard_webhooks" && scheme.prefix === "svix") {
    return ["svix", "webhook"].flatMap((prefix) => standardHeaders.map((name) => `${prefix}-${name}`));
  }
  const hmac = hmacOf(scheme);
  return hmac === null ? [] : hmacHeaders(hmac);
};

const textHeaders = (place: TextPlace | null): readonly string[] => {
  if (place?.in !== "header") return [];
  return place.or === undefined ? [place.name] : [place.name, place.or];
};

/** The headers that a preset reads and that a receiver's own verification needs as well. */
export const headersRead = ({ verification, eventType, deliveryId }: Omit<Preset, "ownHeaders">): readonly string[] => [
  ...new Set([...proofHeaders(verification), ...textHeaders(eventType), ...textHeaders(deliveryId)]),
];

function* hmacFaults({ form, timestamp, signed }: HmacScheme): Generator<string> {
  const coversBody = signed.includes("body") || signed.includes("body_but_words") || signed.includes("form");
  if (!coversBody) yield "the body is not signed";
  if (signed.includes("timestamp") && timestamp === null) yield "a time is signed that is nowhere read";
  if (timestamp !== null && !signed.includes("timestamp")) yield "the time is not signed, so it proves nothing";
  if (timestamp?.place.in === "list" && form.kind !== "list") yield "the time is in a list that the form does not have";
}

/** What is wrong with a preset, as sentences. Empty when nothing is. */
export function* presetFaults(preset: Preset): Generator<string> {
  const { name, verification, ownHeaders, handshake, sample } = preset;
  const credentials = credentialPlaces(verification).headers;
  if (!namePattern.test(name)) yield `"${name}" is not of lower-case letters, digits and _`;
  if (verification.kind === "hmac") yield* hmacFaults(verification);
  if (handshake?.kind === "query_hmac" && "signed" in verification && verification.signed.includes("body")) {
    yield "words are signed for whoever asks, so the signed part must be body_but_words";
  }
  for (const header of [...ownHeaders, ...headersRead(preset), ...credentials, ...sample.headers.map(([key]) => key)]) {
    if (!headerPattern.test(header)) yield `"${header}" is not a header name in lower case`;
  }
  for (const header of headersRead(preset)) {
    if (!ownHeaders.includes(header)) yield `"${header}" is read and not among ownHeaders, so receivers would miss it`;
  }
  for (const header of credentials) {
    if (ownHeaders.includes(header)) yield `"${header}" carries the credential and would be forwarded`;
  }
}
