import { z } from "zod";

import type { SourceChanges, SourceDraft } from "../../routing/decide-source.ts";
import { plainSettings, type SourceStatus } from "../../routing/source.ts";
import { headerNameField, present, requiredTextField, textField } from "../fields.ts";

/** A PEM key fits, should a provider sign with one. */
const secretCharsMax = 8_192;
const nameCharsMax = 255;
const pathCharsMax = 255;
const ratePerMinuteMax = 1_000_000;

/** What only the provider that leaves its settings to the source takes. Ignored on others. */
export const genericOnly: readonly string[] = [
  "signing_algorithm",
  "signing_header",
  "event_type_source",
  "event_type_path",
];

/** What the shipped presets and the gateway's own limits say of the fields. */
export type SourceFieldBounds = { readonly providers: readonly string[]; readonly bodyLimitBytes: number };

const createFields = ({ providers, bodyLimitBytes }: SourceFieldBounds) => ({
  name: requiredTextField(nameCharsMax).describe("Human-readable label."),
  provider: z.enum(providers).describe("Who sends: one of the shipped presets."),
  signing_secret: textField(secretCharsMax)
    .nullable()
    .describe(
      "What the provider signs with. Sealed at rest, never returned. Without it every event is stored with `signature_valid: false`.",
    ),
  signing_algorithm: z
    .enum(["sha256", "sha1", "sha512"])
    .nullable()
    .describe("`generic` only. Digest of the signature; null acts as `sha256`."),
  signing_header: headerNameField
    .nullable()
    .describe("`generic` only. Header that carries the signature: raw hex, no prefix."),
  event_type_source: z.enum(["body", "header"]).nullable().describe("`generic` only. Where the event type is."),
  event_type_path: textField(pathCharsMax)
    .nullable()
    .describe("`generic` only. Dot path into the JSON body, or the name of a header."),
  enabled: z.boolean().describe("A disabled source still accepts and stores events, and forwards none."),
  retention_days: z.int().min(1).max(365).describe("For how many days events are kept."),
  require_signature: z
    .boolean()
    .describe("Whether only events with a valid signature are forwarded. Others are stored in any case."),
  body_limit_bytes: z
    .int()
    .min(1)
    .max(bodyLimitBytes)
    .nullable()
    .describe("Largest body that is accepted. Null: the gateway's own limit."),
  rate_limit_per_minute: z
    .int()
    .min(1)
    .max(ratePerMinuteMax)
    .nullable()
    .describe("Events accepted per minute; more are answered 429. Null: no limit."),
});

const emptyToNull = (text: string | null): string | null => (text === "" ? null : text);

/** This API knows on and off. What is off stores. */
const statusOf = (enabled: boolean): SourceStatus => (enabled ? "active" : "paused");

/** The body that makes a source. */
export const newSourceBody = (bounds: SourceFieldBounds): z.ZodType<SourceDraft> => {
  const fields = createFields(bounds);
  return z
    .object({
      name: fields.name,
      provider: fields.provider.default("generic"),
      signing_secret: fields.signing_secret.default(null),
      signing_algorithm: fields.signing_algorithm.default(null),
      signing_header: fields.signing_header.default(null),
      event_type_source: fields.event_type_source.default(null),
      event_type_path: fields.event_type_path.default(null),
      enabled: fields.enabled.default(true),
      retention_days: fields.retention_days.default(30),
      require_signature: fields.require_signature.default(true),
      body_limit_bytes: fields.body_limit_bytes.default(null),
      rate_limit_per_minute: fields.rate_limit_per_minute.default(null),
    })
    .transform((body) => ({
      kind: "webhook",
      dialect: "krafter",
      name: body.name,
      provider: body.provider,
      signingSecret: emptyToNull(body.signing_secret),
      signingAlgorithm: body.signing_algorithm,
      signingHeader: emptyToNull(body.signing_header),
      eventTypeSource: body.event_type_source,
      eventTypePath: emptyToNull(body.event_type_path),
      ...plainSettings,
      status: statusOf(body.enabled),
      retentionDays: body.retention_days,
      requireSignature: body.require_signature,
      bodyLimitBytes: body.body_limit_bytes,
      rateLimitPerMinute: body.rate_limit_per_minute,
    }));
};

/** The body that changes one: only what is there counts. */
export const sourceChangesBody = (bounds: SourceFieldBounds): z.ZodType<SourceChanges> =>
  z
    .object(createFields(bounds))
    .partial()
    .extend({
      rotate_immediately: z
        .boolean()
        .optional()
        .describe("Drops the secret before this one now. Otherwise it is accepted for 24 hours more."),
    })
    .transform((body) =>
      present({
        name: body.name,
        provider: body.provider,
        signingSecret: body.signing_secret === "" ? null : body.signing_secret,
        rotateImmediately: body.rotate_immediately,
        signingAlgorithm: body.signing_algorithm,
        signingHeader: body.signing_header === "" ? null : body.signing_header,
        eventTypeSource: body.event_type_source,
        eventTypePath: body.event_type_path === "" ? null : body.event_type_path,
        status: body.enabled === undefined ? undefined : statusOf(body.enabled),
        retentionDays: body.retention_days,
        requireSignature: body.require_signature,
        bodyLimitBytes: body.body_limit_bytes,
        rateLimitPerMinute: body.rate_limit_per_minute,
      }),
    );
