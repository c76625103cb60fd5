import type { Event, Payload, SignatureReason } from "../events/event.ts";
import type { Headers } from "../lib/headers.ts";
import { credentialPlaces } from "../providers/credential-headers.ts";
import type { Preset } from "../providers/preset.ts";
import { deliveryIdOf, eventTypeOf } from "../providers/resolve.ts";
import type { CompiledRules } from "../routing/rules.ts";
import type { Source } from "../routing/source.ts";
import type { RoutedSource } from "../routing/table.ts";
import { type Tolerances, verifyFor } from "../routing/verify.ts";
import type { Validation } from "../schemas/compile-schema.ts";
import { dedupKeyOf } from "./dedup-key.ts";
import type { Incoming } from "./incoming.ts";
import { lazyJson } from "./lazy-json.ts";

/** What is wrong with a body, and where. */
export type SchemaErrors = Extract<Validation, { valid: false }>["errors"];

/** What is found out about a request before it is stored. */
export type Judged = Pick<
  Event,
  "eventType" | "signatureValid" | "signatureReason" | "quarantined" | "providerEventId" | "schemaValid" | "bodyDropped"
> & {
  readonly payload: Payload;
  /** What its repeats are known by. Null: its source does not look for them, or it does not say it. */
  readonly dedupKey: Buffer | null;
};

/** What a request comes to. */
export type Judgement =
  | { readonly kind: "judged"; readonly judged: Judged }
  /** This process cannot tell, because it cannot open the secret or does not know the provider. */
  | { readonly kind: "unreadable" }
  /** It is not what its source takes. */
  | { readonly kind: "schema_refused"; readonly errors: SchemaErrors };

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

/** Sources of hookstream's verify or do not; Krafter's always try, and may take what is not valid. */
const isUnverified = ({ dialect, requireSignature }: Source): boolean => dialect === "hookstream" && !requireSignature;

type Proof = { readonly valid: boolean; readonly reason: SignatureReason };

const skipped: Proof = { valid: false, reason: "skipped" };

/** Its sender has shown who it is already. */
const proven: Proof = { valid: true, reason: "ok" };

const proofOf = (routed: RoutedSource, incoming: Incoming, tolerances: Tolerances): Proof | null => {
  if (isUnverified(routed.source)) return skipped;
  if (incoming.isProven === true) return proven;
  const atMs = incoming.receivedAtMs;
  return verifyFor(routed, incoming, { secretsAtMs: atMs, nowMs: atMs }, tolerances);
};

const notJson: SchemaErrors = [{ path: "", message: "must be JSON" }];

/** Why a body does not fit its source's schema; null where that cannot be told. */
const errorsOf = ({ read }: NonNullable<CompiledRules["schema"]>, readBody: () => unknown): SchemaErrors | null => {
  const schema = read();
  if (schema === null) return null;
  const value = readBody();
  if (value === undefined) return notJson;
  const validation = schema.validate(value);
  return validation.valid ? [] : validation.errors;
};

/** What the rules of a source that has some say of an event that may be forwarded. */
const judgeByRules = (
  rules: CompiledRules,
  incoming: Incoming,
  found: { readonly readBody: () => unknown; readonly providerEventId: string | null },
): { readonly kind: "fine"; readonly rest: Pick<Judged, "schemaValid" | "dedupKey"> } | Judgement => {
  const errors = rules.schema === null ? null : errorsOf(rules.schema, found.readBody);
  if (errors !== null && errors.length > 0 && rules.schema?.action === "reject") {
    return { kind: "schema_refused", errors };
  }
  const dedupKey = rules.dedup === null ? null : dedupKeyOf(rules.dedup, incoming, found);
  return { kind: "fine", rest: { schemaValid: errors === null ? null : errors.length === 0, dedupKey } };
};

const noRules = { schemaValid: null, dedupKey: null } as const;

/** Whether who sent it may have been anybody although its source verifies: then it must not stand for a genuine event. */
const isDoubtful = ({ valid, reason }: Proof): boolean => !valid && reason !== "skipped" && reason !== "no_secret";

/** Finds out what a request is. Pure; parses the body only when the preset or a rule needs it. */
export const judge = (routed: RoutedSource, incoming: Incoming, tolerances: Tolerances): Judgement => {
  const { preset, source, rules } = routed;
  const proof = proofOf(routed, incoming, tolerances);
  if (preset === null || proof === null) return { kind: "unreadable" };
  const readBody = lazyJson(incoming.body);
  const providerEventId = deliveryIdOf(preset, incoming.headers, readBody);
  const quarantined = !proof.valid && source.requireSignature;
  const judged = {
    eventType: eventTypeOf(preset, incoming.headers, readBody),
    providerEventId,
    signatureValid: proof.valid,
    signatureReason: proof.reason,
    quarantined,
    // Who sent it is told, and may send it again once it is signed rightly.
    bodyDropped: quarantined && source.dialect === "hookstream",
    payload: payloadOf(incoming, preset),
  };
  if (rules === null || quarantined) return { kind: "judged", judged: { ...judged, ...noRules } };
  const ruled = judgeByRules(rules, incoming, { readBody, providerEventId });
  if (ruled.kind !== "fine") return ruled;
  const { rest } = ruled;
  return { kind: "judged", judged: { ...judged, ...rest, dedupKey: isDoubtful(proof) ? null : rest.dedupKey } };
};
