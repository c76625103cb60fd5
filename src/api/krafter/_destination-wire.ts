import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import { shownSchedule } from "../../delivery/retry-policy.ts";
import { isoSeconds } from "../../lib/clock.ts";
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

const toTail = ({ destination }: LinkedDestination) => ({
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
});

export const toWireDestination = (linked: LinkedDestination): WireDestination => ({
  ...toHead(linked),
  ...toTail(linked),
});

export const toWireNewDestination = (linked: LinkedDestination, secret: string): WireNewDestination => ({
  ...toHead(linked),
  secret,
  ...toTail(linked),
});

/** Shown here in other words, or larger units, than they are kept in. */
const translated = ["timeout_seconds", "retry_schedule"] as const;

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
