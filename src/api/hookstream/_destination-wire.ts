import { z } from "zod";

import { circuitStateOf, openSinceMsOf } from "../../delivery/circuit.ts";
import { shownRetry } from "../../delivery/retry-policy.ts";
import { isoSeconds } from "../../lib/clock.ts";
import type { DestinationView } from "../../routing/destination-view.ts";
import { type Destination, nameOf } from "../../routing/destination.ts";
import type { Auth, OutgoingSignature } from "../../routing/outgoing.ts";
import { toWireFlag, toWireId, wireFlag, wireId, wireInstant } from "./_fields.ts";
import { maskOf, unreadableMask } from "./_masks.ts";

/** A destination as answers show it. */
export type WireDestination = {
  id: string;
  org_id: string;
  env_id: string;
  name: string;
  slug: string;
  url: string;
  method: string;
  headers: string | null;
  timeout_ms: number;
  auth_type: string;
  auth_config: string | null;
  status: "active" | "disabled";
  created_at: string;
  updated_at: string;
  retry_enabled: number;
  retry_max_attempts: number;
  retry_backoff_type: string;
  retry_intervals: string;
  circuit_breaker_enabled: number;
  circuit_breaker_threshold: number;
  circuit_breaker_reset_ms: number;
  type: "http";
  provider_config: null;
  signing_config: string | null;
  rate_limit: number | null;
  rate_limit_period: string | null;
  max_concurrency: number;
  ordered: number;
  disabled_reason: string | null;
};

export const wireDestination: z.ZodType<WireDestination> = z.object({
  id: wireId,
  org_id: wireId,
  env_id: wireId,
  name: z.string(),
  slug: z.string(),
  url: z.string(),
  method: z.string(),
  headers: z.string().nullable().describe("JSON, its values masked."),
  timeout_ms: z.int(),
  auth_type: z.enum(["none", "bearer", "basic", "api_key"]),
  auth_config: z.string().nullable().describe("JSON, what is secret in it masked."),
  status: z.enum(["active", "disabled"]),
  created_at: wireInstant,
  updated_at: wireInstant,
  retry_enabled: wireFlag,
  retry_max_attempts: z.int(),
  retry_backoff_type: z.enum(["exponential", "linear", "fixed"]),
  retry_intervals: z.string().describe("JSON. Seconds."),
  circuit_breaker_enabled: wireFlag,
  circuit_breaker_threshold: z.int(),
  circuit_breaker_reset_ms: z.int(),
  type: z.literal("http"),
  provider_config: z.null(),
  signing_config: z.string().nullable().describe("JSON, its secret masked."),
  rate_limit: z.int().nullable(),
  rate_limit_period: z.string().nullable(),
  max_concurrency: z.int(),
  ordered: wireFlag,
  disabled_reason: z.enum(["manual", "failures", "gone"]).nullable(),
});

type Shown = Pick<Destination, "dialect">;

const toAuthConfig = (auth: Auth, { dialect }: Shown): object => {
  switch (auth.type) {
    case "bearer":
      return { token: maskOf(auth.token, dialect) };
    case "basic":
      return { username: auth.username, password: maskOf(auth.password, dialect) };
    case "api_key":
      return { header: auth.header, value: maskOf(auth.value, dialect) };
  }
};

const toSigningConfig = (signature: OutgoingSignature, { dialect }: Shown): object => ({
  secret: maskOf(signature.secret, dialect),
  algorithm: signature.algorithm,
  header: signature.header,
  prefix: signature.prefix,
  include_timestamp: signature.includeTimestamp,
  timestamp_header: signature.timestampHeader,
});

type Hidden = Pick<WireDestination, "headers" | "auth_config" | "signing_config">;

const toHidden = ({ destination, outgoing }: DestinationView): Hidden => {
  if (outgoing === null) {
    return { headers: unreadableMask, auth_config: unreadableMask, signing_config: unreadableMask };
  }
  const names = Object.keys(outgoing.headers);
  const headers = Object.fromEntries(names.map((name) => [name, unreadableMask]));
  return {
    headers: names.length === 0 ? null : JSON.stringify(headers),
    auth_config: outgoing.auth === null ? null : JSON.stringify(toAuthConfig(outgoing.auth, destination)),
    signing_config:
      outgoing.signature === null ? null : JSON.stringify(toSigningConfig(outgoing.signature, destination)),
  };
};

export const toWireDestination = (view: DestinationView): WireDestination => {
  const { destination } = view;
  const retry = shownRetry(destination);
  const { headers, auth_config, signing_config } = toHidden(view);
  return {
    id: toWireId(destination.id),
    org_id: toWireId(destination.teamId),
    env_id: toWireId(destination.envId),
    name: nameOf(destination),
    slug: destination.slug,
    url: destination.url,
    method: destination.method,
    headers,
    timeout_ms: destination.timeoutMs,
    auth_type: destination.authType,
    auth_config,
    status: destination.enabled ? "active" : "disabled",
    created_at: isoSeconds(destination.createdAtMs),
    updated_at: isoSeconds(destination.updatedAtMs),
    retry_enabled: toWireFlag(destination.retry.enabled),
    retry_max_attempts: retry.retriesMax,
    retry_backoff_type: retry.backoff,
    retry_intervals: JSON.stringify(retry.intervalsSeconds),
    circuit_breaker_enabled: toWireFlag(destination.circuit.enabled),
    circuit_breaker_threshold: destination.circuit.threshold,
    circuit_breaker_reset_ms: destination.circuit.resetMs,
    type: "http",
    provider_config: null,
    signing_config,
    rate_limit: destination.rateLimit,
    rate_limit_period: destination.ratePeriod,
    max_concurrency: destination.maxConcurrency,
    ordered: toWireFlag(destination.ordered),
    disabled_reason: destination.disabledReason,
  };
};

/** Where a destination's circuit stands. */
export type WireCircuit = {
  destination_id: string;
  enabled: number;
  state: "closed" | "open" | "half_open";
  failure_count: number;
  threshold: number;
  reset_ms: number;
  opened_at: string | null;
  next_attempt_at: string | null;
};

export const wireCircuit: z.ZodType<WireCircuit> = z.object({
  destination_id: wireId,
  enabled: wireFlag,
  state: z.enum(["closed", "open", "half_open"]).describe("`half_open`: one delivery is tried."),
  failure_count: z.int().describe("Failures in a row."),
  threshold: z.int(),
  reset_ms: z.int(),
  opened_at: wireInstant.nullable().describe("When it opened, or a delivery was last tried in vain."),
  next_attempt_at: wireInstant.nullable().describe("When one delivery is tried."),
});

/** `dueNowMs`: by the time that never goes back. */
export const toWireCircuit = (destination: Destination, dueNowMs: number): WireCircuit => {
  const { circuit, circuitFailures } = destination;
  const openedAtMs = openSinceMsOf(destination);
  return {
    destination_id: toWireId(destination.id),
    enabled: toWireFlag(circuit.enabled),
    state: circuitStateOf(destination, dueNowMs),
    failure_count: circuitFailures,
    threshold: circuit.threshold,
    reset_ms: circuit.resetMs,
    opened_at: openedAtMs === null ? null : isoSeconds(openedAtMs),
    next_attempt_at: openedAtMs === null ? null : isoSeconds(openedAtMs + circuit.resetMs),
  };
};
