import { z } from "zod";

import { parseCidr } from "../../lib/ip.ts";
import type { DedupStrategy, SchemaAction, SourceStatus, Transport } from "../../routing/source.ts";
import { headerNameField, instantField, requiredTextField, textField } from "../fields.ts";
import { placeFields } from "./_fields.ts";
import { flagField, isObject, jsonField, readText } from "./_json-fields.ts";

const nameCharsMax = 255;
const slugCharsMax = 100;
const descriptionCharsMax = 2_000;
const templateCharsMax = 64;
const configCharsMax = 16_384;
/** A PEM key fits, should a provider sign with one. */
const secretCharsMax = 8_192;
const typeCharsMax = 64;
const fieldCharsMax = 255;
/** 30 days. */
const windowSecondsMax = 2_592_000;
const addressesMax = 1_000;
const schemaCharsMax = 65_536;
const requestsMax = 1_000_000_000;

const objectField = (charsMax: number): z.ZodType<string> =>
  jsonField({ charsMax, error: "must be an object", is: isObject }).meta({ type: "object" });

const addressesField: z.ZodType<readonly string[]> = z
  .unknown()
  .transform(readText)
  .pipe(
    z
      .array(z.string().refine((text) => parseCidr(text) !== undefined, { error: "must be an IP address or a CIDR" }))
      .max(addressesMax),
  )
  .meta({ type: "array", items: { type: "string" } });

/** The fields of a source's body as they are sent. Null stands for nothing: on POST as if absent, on PATCH to reset. */
export type SentSource = {
  readonly name?: string | undefined;
  readonly slug?: string | undefined;
  readonly description?: string | null | undefined;
  readonly template?: string | null | undefined;
  readonly type?: Transport | null | undefined;
  readonly source_config?: string | null | undefined;
  readonly verification_enabled?: boolean | null | undefined;
  readonly verification_type?: string | null | undefined;
  readonly verification_secret?: string | null | undefined;
  readonly verification_header?: string | null | undefined;
  readonly verification_config?: string | null | undefined;
  readonly dedup_enabled?: boolean | null | undefined;
  readonly dedup_strategy?: DedupStrategy | null | undefined;
  readonly dedup_field?: string | null | undefined;
  readonly dedup_window_seconds?: number | null | undefined;
  readonly ip_allowlist?: readonly string[] | null | undefined;
  readonly ip_denylist?: readonly string[] | null | undefined;
  readonly schema_validation_enabled?: boolean | null | undefined;
  readonly json_schema?: string | null | undefined;
  readonly schema_action?: SchemaAction | null | undefined;
  readonly status?: SourceStatus | null | undefined;
  readonly is_ephemeral?: boolean | null | undefined;
  readonly expires_at?: number | null | undefined;
  readonly request_limit?: number | null | undefined;
};

const nameField = requiredTextField(nameCharsMax).describe("Source name.");
const slugField = textField(slugCharsMax)
  .regex(/^[a-z0-9-]+$/)
  .describe("URL-safe slug, unique in the environment.");

const verificationFields = {
  verification_enabled: flagField
    .nullish()
    .describe("Whether unsigned requests are refused. Default: once there are a type and a secret."),
  verification_type: textField(typeCharsMax)
    .nullish()
    .describe(
      "`hmac_sha256`, `hmac_sha1`, `hmac_sha512`, `standard_webhooks`, `ed25519`, `ecdsa_p256`, `basic`, `bearer`, `jwt` or " +
        "`token`. With a template, it takes the place of all that the template says of verification.",
    ),
  verification_secret: textField(secretCharsMax)
    .nullish()
    .describe("Sealed at rest. Shown in the answer to the request that sets it, masked in all others."),
  verification_header: headerNameField.nullish().describe("The header that carries the signature."),
  verification_config: objectField(configCharsMax)
    .nullish()
    .describe(
      "What else there is to say, such as `encoding`, `prefix`, `timestamp_header`, `tolerance_seconds`, `signed`.",
    ),
};

const ruleFields = {
  dedup_enabled: flagField.nullish().describe("Default: once there is a strategy. Without one: `payload_hash`."),
  dedup_strategy: z
    .enum(["payload_hash", "header_field", "body_field", "provider_id"])
    .nullish()
    .describe("What tells that two events are one. `provider_id`: the id that the template knows."),
  dedup_field: requiredTextField(fieldCharsMax).nullish().describe("The header's name, or a dot path into the body."),
  dedup_window_seconds: z
    .int()
    .min(0)
    .max(windowSecondsMax)
    .nullish()
    .describe("From the first of them on. 0 or absent: 300. At most 30 days."),
  ip_allowlist: addressesField.nullish().describe("IPv4 and IPv6 addresses and CIDRs. Empty: all."),
  ip_denylist: addressesField.nullish().describe("Counts before the other one."),
  schema_validation_enabled: flagField.nullish().describe("Default: once there is a schema."),
  json_schema: jsonField({
    charsMax: schemaCharsMax,
    error: "must be a JSON Schema",
    is: (value) => isObject(value) || typeof value === "boolean",
  })
    .meta({ type: "object" })
    .nullish()
    .describe("Draft 4, 6, 7 or 2020-12, without remote references."),
  schema_action: z
    .enum(["reject", "warn"])
    .nullish()
    .describe("`reject` (default): 422. `warn`: stored as `schema_invalid`."),
};

const restFields = {
  ...placeFields,
  description: textField(descriptionCharsMax).nullish().describe("Source description."),
  template: textField(templateCharsMax).nullish().describe("Slug of a template, such as `stripe` or `github`."),
  type: z.enum(["http", "websocket"]).nullish().describe("Source type. Default: `http`."),
  source_config: objectField(configCharsMax)
    .nullish()
    .describe("Provider-specific config. Sealed at rest; its `headers` are masked."),
  ...verificationFields,
  ...ruleFields,
  status: z
    .enum(["active", "paused", "disabled"])
    .nullish()
    .describe("`paused` stores and does not forward; `disabled` refuses with 403."),
  is_ephemeral: flagField.nullish().describe("Whether it is deleted once it has expired."),
  expires_at: instantField.nullish().describe("Refuses requests from then on."),
  request_limit: z.int().min(1).max(requestsMax).nullish().describe("Requests that it takes in all."),
};

/** The body that makes a source. */
export const newSourceFields: z.ZodType<SentSource & { name: string; slug: string }> = z.object({
  name: nameField,
  slug: slugField,
  ...restFields,
});

/** The body that changes one: only what is there counts. */
export const sourceChangeFields: z.ZodType<SentSource & { rotate_immediately?: boolean | undefined }> = z.object({
  name: nameField.optional(),
  slug: slugField.optional(),
  ...restFields,
  rotate_immediately: flagField
    .optional()
    .describe("False: the secret before a new one is accepted for 24 hours more. Default: true."),
});
