import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import { circuitStateOf, openSinceMsOf } from "../../delivery/circuit.ts";
import { shownSchedule } from "../../delivery/retry-policy.ts";
import { isoSeconds } from "../../lib/clock.ts";
import type { Destination } from "../../routing/destination.ts";
import { type FilterRule, filterRules } from "../../routing/filter-rule.ts";
import type { LinkedDestination } from "../../routing/linked-destination.ts";
import { wireId, wireInstant } from "./_fields.ts";
import type { TestResult } from "./ports.ts";

/** A destination as answers show it: the documented fields in their order, then ours. */
export type WireDestination = {
  id: string;
  source_id: string;
  url: string;
  event_filter: readonly string[];
  enabled: boolean;
  failure_count: number;
  created_at: string;
  updated_at: string;
  max_concurrency: number;
  rate_limit: number | null;
  rate_limit_period: string | null;
  ordered: boolean;
  timeout_seconds: number;
  retry_schedule: readonly number[] | null;
  payload_format: string;
  forward_headers: readonly string[];
  resign: boolean;
  disabled_reason: string | null;
  filter_rules: readonly FilterRule[] | null;
  transform_enabled: boolean;
  transform_expression: string | null;
  circuit_breaker_enabled: boolean;
  circuit_breaker_threshold: number;
  circuit_breaker_reset_seconds: number;
  circuit_breaker_state: "closed" | "open" | "half_open";
  circuit_breaker_opened_at: string | null;
};

const head = {
  id: wireId,
  source_id: wireId,
  url: z.string(),
  event_filter: z.array(z.string()),
  enabled: z.boolean(),
  failure_count: z.int().describe("Deliveries in a row that ran out of attempts. At 10 it is disabled."),
};

const tail = {
  created_at: wireInstant,
  updated_at: wireInstant,
  max_concurrency: z.int(),
  rate_limit: z.int().nullable(),
  rate_limit_period: z.string().nullable(),
  ordered: z.boolean(),
  timeout_seconds: z.int(),
  retry_schedule: z.array(z.int()).nullable(),
  payload_format: z.string(),
  forward_headers: z.array(z.string()),
  resign: z.boolean(),
  disabled_reason: z.enum(["manual", "failures", "gone"]).nullable(),
  filter_rules: filterRules.nullable(),
  transform_enabled: z.boolean(),
  transform_expression: z.string().nullable(),
  circuit_breaker_enabled: z.boolean(),
  circuit_breaker_threshold: z.int(),
  circuit_breaker_reset_seconds: z.int(),
  circuit_breaker_state: z
    .enum(["closed", "open", "half_open"])
    .describe("`open`: nothing is sent, and no attempt is used up. `half_open`: one delivery is tried."),
  circuit_breaker_opened_at: wireInstant
    .nullable()
    .describe("When it opened, or a delivery was last tried in vain. Null: it is closed."),
};

export const wireDestination: z.ZodType<WireDestination> = z.object({ ...head, ...tail });

/** The answer to its making, the only one that shows the secret. */
export type WireNewDestination = WireDestination & { secret: string };

export const wireNewDestination: z.ZodType<WireNewDestination> = z.object({
  ...head,
  secret: z.string().describe("Shown here and never again."),
  ...tail,
});

const toHead = ({ destination, connection }: LinkedDestination) => ({
  id: destination.id,
  source_id: connection.sourceId,
  url: destination.url,
  event_filter: connection.eventFilter ?? [],
  enabled: destination.enabled,
  failure_count: destination.failureCount,
});

const toCircuit = (destination: Destination, dueNowMs: number) => {
  const { circuit } = destination;
  const openSinceMs = openSinceMsOf(destination);
  return {
    circuit_breaker_enabled: circuit.enabled,
    circuit_breaker_threshold: circuit.threshold,
    // The other API counts it in milliseconds.
    circuit_breaker_reset_seconds: Math.ceil(circuit.resetMs / 1000),
    circuit_breaker_state: circuitStateOf(destination, dueNowMs),
    circuit_breaker_opened_at: openSinceMs === null ? null : isoSeconds(openSinceMs),
  };
};

const toTail = ({ destination, connection }: LinkedDestination, dueNowMs: number) => ({
  created_at: isoSeconds(destination.createdAtMs),
  updated_at: isoSeconds(destination.updatedAtMs),
  max_concurrency: destination.maxConcurrency,
  rate_limit: destination.rateLimit,
  rate_limit_period: destination.ratePeriod,
  ordered: destination.ordered,
  // The other API counts it in milliseconds.
  timeout_seconds: Math.ceil(destination.timeoutMs / 1000),
  retry_schedule: shownSchedule(destination),
  payload_format: destination.payloadFormat,
  forward_headers: destination.forwardHeaders,
  resign: destination.resign,
  disabled_reason: destination.disabledReason,
  filter_rules: connection.filterRules,
  transform_enabled: connection.transformEnabled,
  transform_expression: connection.transformExpression,
  ...toCircuit(destination, dueNowMs),
});

/** `dueNowMs`: by the time that never goes back. */
export const toWireDestination = (linked: LinkedDestination, dueNowMs: number): WireDestination => ({
  ...toHead(linked),
  ...toTail(linked, dueNowMs),
});

export const toWireNewDestination = (
  { secret, ...linked }: LinkedDestination & { readonly secret: string },
  dueNowMs: number,
): WireNewDestination => ({
  ...toHead(linked),
  secret,
  ...toTail(linked, dueNowMs),
});

/** Shown here in other words, or larger units, than they are kept in. */
const translated = ["timeout_seconds", "retry_schedule", "circuit_breaker_reset_seconds"] as const;

/** A body without what is translated and sent as it is shown: it says nothing, and would be less than what is kept. */
export const withoutShown = (
  body: Readonly<Record<string, unknown>>,
  shown: WireDestination,
): Readonly<Record<string, unknown>> => {
  const same = new Set<string>(translated.filter((name) => isDeepStrictEqual(body[name], shown[name])));
  return Object.fromEntries(Object.entries(body).filter(([name]) => !same.has(name)));
};

/** What a test shows. Whoever gets a 422 was not reached, or broke; every other answer is the receiver's own. */
export type WireTest = { ok: boolean; status: number } | { ok: false; error: string };

/** The answer to a test: its status, and its body. */
export const toWireTest = (result: TestResult): { status: number; body: WireTest } => {
  if (result.kind === "failed") return { status: 422, body: { ok: false, error: result.error } };
  const { status } = result;
  if (status >= 500) return { status: 422, body: { ok: false, error: `the destination answered ${status}` } };
  return { status: 200, body: { ok: status >= 200 && status < 300, status } };
};
