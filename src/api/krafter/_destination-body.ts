import { z } from "zod";

import type { TransformWish } from "../../routing/decide-connection.ts";
import type { DestinationDraft, LinkedChanges } from "../../routing/decide-destination.ts";
import { circuitLimits, plainDestination } from "../../routing/destination.ts";
import { type FilterRule, filterRules } from "../../routing/filter-rule.ts";
import { expressionCharsMax } from "../../transforms/transform.ts";
import { headerNameField, present, requiredTextField, textField } from "../fields.ts";

const urlCharsMax = 2_048;
const secretCharsMax = 1_024;
const filterEntriesMax = 500;
const eventTypeCharsMax = 255;
const concurrencyMax = 256;
const rateLimitMax = 100_000;
const timeoutSecondsMax = 60;
const retriesMax = 50;
/** A week. */
const retrySecondsMax = 604_800;
const forwardHeadersMax = 50;

/** An exact name, or everything under one: `invoice.*`. A star elsewhere would match nothing, so it is a mistake. */
const filterEntry = requiredTextField(eventTypeCharsMax).regex(/^[^*]+(\.\*)?$/);

/** The URL parser drops white space where it finds it; what was sent is what is kept and shown. */
const urlField = requiredTextField(urlCharsMax).regex(/^\S*$/);

/** What is said of the connection that leads to it. */
const linkFields = () => ({
  filter_rules: filterRules
    .nullable()
    .describe(
      "`{field, op, value}`; all must hold. Fields: `payload.*`, `headers.*`, `query.*`, `method`, `content_type`, " +
        "`source_ip`. Nothing is converted. A path into an array means any of its elements. Null or empty: all pass.",
    ),
  transform_enabled: z.boolean().describe("Default: once there is an expression."),
  transform_expression: textField(expressionCharsMax)
    .nullable()
    .describe(
      "JSONata. `$` is the JSON body; `$headers`, `$method`, `$query` and `$event` are there as well. What it gives must be " +
        "an object, and is sent in place of the body. One that fails ends the delivery. Null or empty: none.",
    ),
});

const circuitFields = () => ({
  circuit_breaker_enabled: z.boolean().describe("Whether it is left alone after failures in a row."),
  circuit_breaker_threshold: z.int().min(1).max(circuitLimits.thresholdMax).describe("Failures in a row."),
  circuit_breaker_reset_seconds: z
    .int()
    .min(circuitLimits.resetMsMin / 1000)
    .max(circuitLimits.resetMsMax / 1000)
    .describe("How long nothing is sent before one delivery is tried."),
});

const createFields = () => ({
  url: urlField.describe("Your own https URL. Private, loopback and link-local addresses are refused."),
  secret: textField(secretCharsMax).describe("What deliveries are signed with. Sealed at rest, shown once."),
  event_filter: z
    .array(filterEntry)
    .max(filterEntriesMax)
    .describe("Event types to forward: exact names, or `invoice.*`. Empty: all of them."),
  enabled: z.boolean().describe("A disabled destination gets nothing, and what was on its way to it is cancelled."),
  max_concurrency: z.int().min(1).max(concurrencyMax).describe("Deliveries under way at once."),
  rate_limit: z.int().min(1).max(rateLimitMax).nullable().describe("Attempts per `rate_limit_period`. Null: no limit."),
  rate_limit_period: z.enum(["second", "minute", "hour"]).nullable(),
  ordered: z.boolean().describe("One at a time, in the order of arrival; a retry holds up what follows."),
  timeout_seconds: z.int().min(1).max(timeoutSecondsMax).describe("How long one attempt waits for an answer."),
  retry_schedule: z
    .array(z.int().min(1).max(retrySecondsMax))
    .max(retriesMax)
    .nullable()
    .describe("Seconds to wait before the 2nd, 3rd, … attempt. Null: 17, 19, 23, 31."),
  payload_format: z
    .enum(["raw", "envelope"])
    .describe("`raw`: the sender's bytes. `envelope`: `{event, data, source_id, event_id, timestamp}`."),
  forward_headers: z
    .array(headerNameField.min(1).toLowerCase())
    .max(forwardHeadersMax)
    .describe("Names of the sender's headers to forward beside those of its signature."),
  resign: z.boolean().describe("Whether a provider's signature with a timestamp is made again on retries and replays."),
  ...linkFields(),
  ...circuitFields(),
});

/** What the gateway says where a new destination does not. */
export type DestinationDefaults = {
  readonly timeoutMs: number;
  /** Makes a secret. */
  readonly newSecret: () => string;
};

const listOrNull = <Item>(list: readonly Item[]): readonly Item[] | null => (list.length === 0 ? null : list);

const rulesOf = (rules: readonly FilterRule[] | null): readonly FilterRule[] | null => rules && listOrNull(rules);

/** What is said of the transform. It is settled together with what is so already. */
type Wish = { readonly transform: TransformWish };

/** The body that makes a destination. The secret is one that people chose, or a fresh one. */
export const newDestinationBody = ({
  timeoutMs,
  newSecret,
}: DestinationDefaults): z.ZodType<DestinationDraft & Wish & { secret: string }> => {
  const { circuit } = plainDestination;
  const fields = createFields();
  return z
    .object({
      url: fields.url,
      secret: fields.secret.nullable().optional().describe("Left out, null or empty: a `whsec_…` secret is generated."),
      event_filter: fields.event_filter.default([]),
      enabled: fields.enabled.default(true),
      max_concurrency: fields.max_concurrency.default(16),
      rate_limit: fields.rate_limit.default(null),
      rate_limit_period: fields.rate_limit_period.default(null).describe("Default with a limit: `second`."),
      ordered: fields.ordered.default(false),
      timeout_seconds: fields.timeout_seconds.default(timeoutMs / 1000),
      retry_schedule: fields.retry_schedule.default(null),
      payload_format: fields.payload_format.default("raw"),
      forward_headers: fields.forward_headers.default([]),
      resign: fields.resign.default(true),
      filter_rules: fields.filter_rules.default(null),
      transform_enabled: fields.transform_enabled.optional(),
      transform_expression: fields.transform_expression.default(null),
      circuit_breaker_enabled: fields.circuit_breaker_enabled.default(circuit.enabled),
      circuit_breaker_threshold: fields.circuit_breaker_threshold.default(circuit.threshold),
      circuit_breaker_reset_seconds: fields.circuit_breaker_reset_seconds.default(circuit.resetMs / 1000),
    })
    .transform((body) => ({
      kind: "webhook",
      dialect: "krafter",
      url: body.url,
      secret: body.secret === undefined || body.secret === null || body.secret === "" ? newSecret() : body.secret,
      eventFilter: listOrNull(body.event_filter),
      enabled: body.enabled,
      maxConcurrency: body.max_concurrency,
      rateLimit: body.rate_limit,
      ratePeriod: body.rate_limit_period,
      ordered: body.ordered,
      timeoutMs: body.timeout_seconds * 1000,
      retryScheduleSeconds: body.retry_schedule,
      payloadFormat: body.payload_format,
      forwardHeaders: body.forward_headers,
      resign: body.resign,
      filterRules: rulesOf(body.filter_rules),
      transform: { enabled: body.transform_enabled, expression: body.transform_expression },
      circuit: {
        enabled: body.circuit_breaker_enabled,
        threshold: body.circuit_breaker_threshold,
        resetMs: body.circuit_breaker_reset_seconds * 1000,
      },
    }));
};

const secondsToMs = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : seconds * 1000;

/** The body that changes one: only what is there counts. */
export const destinationChangesBody: z.ZodType<LinkedChanges & Wish> = z
  .object(createFields())
  .extend({
    secret: requiredTextField(secretCharsMax).describe(
      "Rotates. The secret before goes on signing beside it for 24 hours. Not shown in the answer.",
    ),
  })
  .partial()
  .transform((body) => ({
    transform: { enabled: body.transform_enabled, expression: body.transform_expression },
    circuit: present({
      enabled: body.circuit_breaker_enabled,
      threshold: body.circuit_breaker_threshold,
      resetMs: secondsToMs(body.circuit_breaker_reset_seconds),
    }),
    ...present({
      url: body.url,
      secret: body.secret,
      eventFilter: body.event_filter && listOrNull(body.event_filter),
      enabled: body.enabled,
      maxConcurrency: body.max_concurrency,
      rateLimit: body.rate_limit,
      ratePeriod: body.rate_limit_period,
      ordered: body.ordered,
      timeoutMs: secondsToMs(body.timeout_seconds),
      retryScheduleSeconds: body.retry_schedule,
      payloadFormat: body.payload_format,
      forwardHeaders: body.forward_headers,
      resign: body.resign,
      filterRules: body.filter_rules && rulesOf(body.filter_rules),
    }),
  }));
