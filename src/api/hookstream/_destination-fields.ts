import { z } from "zod";

import {
  type AuthType,
  type Backoff,
  circuitLimits,
  type RatePeriod,
  type SendMethod,
} from "../../routing/destination.ts";
import { requiredTextField, textField } from "../fields.ts";
import { placeFields } from "./_fields.ts";
import { flagField, fromJson } from "./_json-fields.ts";

const nameCharsMax = 255;
const slugCharsMax = 100;
const urlCharsMax = 2_048;
const timeoutMsMax = 60_000;
const intervalsMax = 50;
/** A week. */
const retrySecondsMax = 604_800;
const rateLimitMax = 100_000;
const concurrencyMax = 256;

/** What a destination's retries are called here. */
export type WireBackoff = Exclude<Backoff, "schedule">;

/** The fields of a destination's body as they are sent. Null stands for nothing: on POST as if absent, on PATCH to reset. */
export type SentDestination = {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly url?: string | undefined;
  readonly method?: SendMethod | null | undefined;
  readonly headers?: Readonly<Record<string, string>> | null | undefined;
  readonly timeout_ms?: number | null | undefined;
  readonly auth_type?: AuthType | null | undefined;
  readonly auth_config?: Readonly<Record<string, unknown>> | null | undefined;
  readonly status?: "active" | "disabled" | null | undefined;
  readonly retry_enabled?: boolean | null | undefined;
  readonly retry_max_attempts?: number | null | undefined;
  readonly retry_backoff_type?: WireBackoff | null | undefined;
  readonly retry_intervals?: readonly number[] | null | undefined;
  readonly circuit_breaker_enabled?: boolean | null | undefined;
  readonly circuit_breaker_threshold?: number | null | undefined;
  readonly circuit_breaker_reset_ms?: number | null | undefined;
  readonly signing_config?: Readonly<Record<string, unknown>> | null | undefined;
  readonly rate_limit?: number | null | undefined;
  readonly rate_limit_period?: RatePeriod | null | undefined;
  readonly max_concurrency?: number | null | undefined;
  readonly ordered?: boolean | null | undefined;
};

const nameField = requiredTextField(nameCharsMax).describe("Destination name.");
const slugField = textField(slugCharsMax)
  .regex(/^[a-z0-9-]+$/)
  .describe("URL-safe slug, unique in the environment.");
const urlField = requiredTextField(urlCharsMax)
  .regex(/^\S*$/)
  .describe("Your own https URL. Private, loopback and link-local addresses are refused.");

const record = fromJson(z.record(z.string(), z.unknown())).meta({ type: "object" });

const sendingFields = {
  method: z
    .string()
    .toUpperCase()
    .pipe(z.enum(["POST", "PUT", "PATCH"]))
    .nullish()
    .describe("Default: `POST`."),
  headers: fromJson(z.record(z.string(), z.string()))
    .meta({ type: "object" })
    .nullish()
    .describe("Sent with every event. Sealed at rest; the values are masked in answers."),
  timeout_ms: z.int().min(100).max(timeoutMsMax).nullish().describe("How long one attempt waits. Default: 30000."),
  auth_type: z.enum(["none", "bearer", "basic", "api_key"]).nullish().describe("Default: `none`."),
  auth_config: record
    .nullish()
    .describe(
      "Of `bearer`: `token`. Of `basic`: `username`, `password`. Of `api_key`: `value`, and `header` (default `X-API-Key`). " +
        "Sealed at rest; secrets are masked in answers.",
    ),
  signing_config: record
    .nullish()
    .describe(
      "Signs each body with an HMAC in hex: `secret`, `algorithm` (`sha256` or `sha1`), `header` (default " +
        "`X-hookstream-Signature`), `prefix` (default: none), `include_timestamp` (then `<Unix seconds>.<body>` is signed, " +
        "and the time is sent in `timestamp_header`). Sealed at rest; the secret is masked in answers.",
    ),
};

const retryFields = {
  retry_enabled: flagField.nullish().describe("Without it, the first attempt is the last. Default: true."),
  retry_max_attempts: z.int().meta({ minimum: 1, maximum: 10 }).nullish().describe("After the first one. Default: 5."),
  retry_backoff_type: z
    .enum(["exponential", "linear", "fixed"])
    .nullish()
    .describe(
      "`exponential` (default): the intervals one after the other, the last one repeated. `linear`: the first, times the " +
        "attempts made. `fixed`: the first.",
    ),
  retry_intervals: fromJson(z.array(z.int().min(1).max(retrySecondsMax)).max(intervalsMax))
    .meta({ type: "array", items: { type: "integer" } })
    .nullish()
    .describe("Seconds. Default: 30, 300, 1800, 7200, 86400."),
};

const circuitFields = {
  circuit_breaker_enabled: flagField.nullish().describe("Default: true."),
  circuit_breaker_threshold: z
    .int()
    .min(1)
    .max(circuitLimits.thresholdMax)
    .nullish()
    .describe("Failures in a row. Default: 5."),
  circuit_breaker_reset_ms: z
    .int()
    .min(circuitLimits.resetMsMin)
    .max(circuitLimits.resetMsMax)
    .nullish()
    .describe("How long nothing is sent before one delivery is tried. Default: 60000."),
};

const limitFields = {
  rate_limit: z.int().min(1).max(rateLimitMax).nullish().describe("Attempts per `rate_limit_period`. Null: no limit."),
  rate_limit_period: z.enum(["second", "minute", "hour"]).nullish().describe("Default with a limit: `second`."),
  max_concurrency: z.int().min(1).max(concurrencyMax).nullish().describe("Deliveries under way at once. Default: 16."),
  ordered: flagField.nullish().describe("One at a time, in the order of arrival; a retry holds up what follows."),
};

const restFields = {
  ...placeFields,
  type: z.enum(["http"]).nullish().describe("Only `http` so far."),
  provider_config: fromJson(z.strictObject({}))
    .meta({ type: "object" })
    .nullish()
    .describe("Of types other than `http`: nothing yet."),
  ...sendingFields,
  ...retryFields,
  ...circuitFields,
  ...limitFields,
  status: z
    .enum(["active", "disabled"])
    .nullish()
    .describe("One that is disabled gets nothing, and what was on its way to it is cancelled. `active` resumes."),
};

/** The body that makes a destination. */
export const newDestinationFields: z.ZodType<SentDestination & { name: string; slug: string; url: string }> = z.object({
  name: nameField,
  slug: slugField,
  url: urlField,
  ...restFields,
});

/** The body that changes one: only what is there counts. */
export const destinationChangeFields: z.ZodType<SentDestination> = z.object({
  name: nameField.optional(),
  slug: slugField.optional(),
  url: urlField.optional(),
  ...restFields,
});
