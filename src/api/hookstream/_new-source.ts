import type { Catalog } from "../../providers/catalog.ts";
import type { Preset } from "../../providers/preset.ts";
import type { SourceDraft } from "../../routing/decide-source.ts";
import { type Dedup, noRules, plainSettings, type SchemaRule } from "../../routing/source.ts";
import { isMask } from "./_masks.ts";
import { settleDedup } from "./_settle-dedup.ts";
import { settleSchema } from "./_settle-schema.ts";
import { type SettledVerification, settleVerification } from "./_settle-verification.ts";
import { refused, settled, type Settled } from "./_settled.ts";
import type { SentSource } from "./_source-fields.ts";
import { isTemplate, presetOfNone, presetOfTemplate } from "./_template.ts";

/** What is needed to judge a source's body. */
export type JudgeParts = { readonly catalog: Catalog; readonly nowMs: number };

const retentionDaysDefault = 30;
/** How long what is ephemeral lives, unless it is said. */
const ephemeralMs = 14 * 24 * 60 * 60 * 1000;

const emptyToNull = (text: string | null | undefined): string | null =>
  text === undefined || text === "" ? null : text;

const listOrNull = (list: readonly string[] | null | undefined): readonly string[] | null =>
  list === undefined || list === null || list.length === 0 ? null : list;

const expiryOf = (sent: SentSource, nowMs: number): Settled<number | null> => {
  const { expires_at: expiresAtMs, is_ephemeral: isEphemeral } = sent;
  if (typeof expiresAtMs === "number" && expiresAtMs <= nowMs) return refused("expires_at", "must lie in the future");
  return settled(expiresAtMs ?? (isEphemeral === true ? nowMs + ephemeralMs : null));
};

/** A mask stands for a secret, and here there is none yet. */
const secretOf = ({ verification_secret: sent }: SentSource): Settled<string | null> =>
  typeof sent === "string" && isMask(sent)
    ? refused("verification_secret", "is a mask, not a secret")
    : settled(emptyToNull(sent));

const verificationOf = (preset: Preset, sent: SentSource, secret: string | null): Settled<SettledVerification> =>
  settleVerification(
    { base: preset.verification, isFromTemplate: isTemplate(preset), own: null, hasSecret: false, isEnabled: false },
    {
      enabled: sent.verification_enabled,
      type: emptyToNull(sent.verification_type),
      secret,
      header: emptyToNull(sent.verification_header),
      config: sent.verification_config,
    },
  );

const dedupOf = (preset: Preset, sent: SentSource): Settled<Dedup> =>
  settleDedup(
    noRules.dedup,
    {
      enabled: sent.dedup_enabled,
      strategy: sent.dedup_strategy ?? undefined,
      field: sent.dedup_field,
      windowSeconds: sent.dedup_window_seconds,
    },
    preset.deliveryId !== null,
  );

const schemaOf = (sent: SentSource): Settled<SchemaRule> =>
  settleSchema(noRules.schema, {
    enabled: sent.schema_validation_enabled,
    json: sent.json_schema ?? undefined,
    action: sent.schema_action,
  });

/** The source that a body makes, or what is wrong with it. */
export const settleNewSource = (
  { catalog, nowMs }: JudgeParts,
  sent: SentSource & { readonly name: string; readonly slug: string },
): Settled<SourceDraft> => {
  const template = sent.template ?? null;
  const preset = template === null ? presetOfNone(catalog) : presetOfTemplate(catalog, template);
  if (preset === undefined) return refused("template", "is not a template; GET /v1/sources/templates lists them");
  const secret = secretOf(sent);
  if (secret.kind === "refused") return secret;
  const verification = verificationOf(preset, sent, secret.value);
  if (verification.kind === "refused") return verification;
  const dedup = dedupOf(preset, sent);
  if (dedup.kind === "refused") return dedup;
  const schema = schemaOf(sent);
  if (schema.kind === "refused") return schema;
  const expiry = expiryOf(sent, nowMs);
  if (expiry.kind === "refused") return expiry;
  return settled({
    ...plainSettings,
    kind: "webhook",
    dialect: "hookstream",
    name: sent.name,
    slug: sent.slug,
    description: sent.description ?? null,
    template,
    transport: sent.type ?? "http",
    sourceConfig: sent.source_config ?? null,
    provider: preset.name,
    ...verification.value,
    signingSecret: secret.value,
    signingAlgorithm: null,
    signingHeader: null,
    eventTypeSource: null,
    eventTypePath: null,
    dedup: dedup.value,
    ipAllowlist: listOrNull(sent.ip_allowlist),
    ipDenylist: listOrNull(sent.ip_denylist),
    schema: schema.value,
    status: sent.status ?? "active",
    isEphemeral: sent.is_ephemeral ?? false,
    expiresAtMs: expiry.value,
    requestLimit: sent.request_limit ?? null,
    retentionDays: retentionDaysDefault,
    bodyLimitBytes: null,
    rateLimitPerMinute: null,
  });
};
