import type { Event, Payload } from "../events/event.ts";
import type { Headers } from "../lib/headers.ts";
import { credentialPlaces } from "../providers/credential-headers.ts";
import type { Preset } from "../providers/preset.ts";
import { deliveryIdOf, eventTypeOf } from "../providers/resolve.ts";
import type { RoutedSource } from "../routing/table.ts";
import { type Tolerances, verifyFor } from "../routing/verify.ts";
import type { Incoming } from "./incoming.ts";

/** What is found out about a request before it is stored. */
export type Judged = Pick<
  Event,
  "eventType" | "signatureValid" | "signatureReason" | "quarantined" | "providerEventId"
> & { readonly payload: Payload };

/** `unreadable`: this process cannot tell, because it cannot open the secret or does not know the provider. */
export type Judgement = { readonly kind: "judged"; readonly judged: Judged } | { readonly kind: "unreadable" };

const lazyJson = (body: Buffer): (() => unknown) => {
  let parsed: { value: unknown } | null = null;
  return () => {
    if (parsed !== null) return parsed.value;
    try {
      parsed = { value: JSON.parse(body.toString("utf8")) };
    } catch {
      parsed = { value: undefined };
    }
    return parsed.value;
  };
};

const redacted = "[redacted]";

const redactHeaders = (headers: Headers, names: readonly string[]): Headers =>
  names.length === 0
    ? headers
    : headers.map((header) => (names.includes(header[0]) ? ([header[0], redacted] as const) : header));

/** One `name=value` of a query. The name may be written in more ways than one; all else stays as it was written. */
const redactPair = (pair: string, names: readonly string[]): string => {
  const [name] = new URLSearchParams(pair).keys();
  if (name === undefined || !names.includes(name)) return pair;
  return new URLSearchParams([[name, redacted]]).toString();
};

const redactQuery = (query: string, names: readonly string[]): string =>
  names.length === 0
    ? query
    : query
        .split("&")
        .map((pair) => redactPair(pair, names))
        .join("&");

/** What is kept of a request: all of it, save the source's own credential. */
const payloadOf = (incoming: Incoming, preset: Preset): Payload => {
  const { headers, queryParameters } = credentialPlaces(preset.verification);
  return {
    method: incoming.method,
    query: redactQuery(incoming.query, queryParameters),
    senderAddress: incoming.senderAddress,
    headers: redactHeaders(incoming.headers, headers),
    body: incoming.body,
  };
};

/** Finds out what a request is. Pure; parses the body only when the preset needs it. */
export const judge = (routed: RoutedSource, incoming: Incoming, tolerances: Tolerances): Judgement => {
  const { preset, source } = routed;
  const atMs = incoming.receivedAtMs;
  const verdict = verifyFor(routed, incoming, { secretsAtMs: atMs, nowMs: atMs }, tolerances);
  if (preset === null || verdict === null) return { kind: "unreadable" };
  const readBody = lazyJson(incoming.body);
  return {
    kind: "judged",
    judged: {
      eventType: eventTypeOf(preset, incoming.headers, readBody),
      providerEventId: deliveryIdOf(preset, incoming.headers, readBody),
      signatureValid: verdict.valid,
      signatureReason: verdict.reason,
      quarantined: !verdict.valid && source.requireSignature,
      payload: payloadOf(incoming, preset),
    },
  };
};
