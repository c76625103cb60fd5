import type { Catalog } from "../../providers/catalog.ts";
import type { Preset } from "../../providers/preset.ts";
import { presetFor } from "../../providers/source-preset.ts";
import type { SourceChanges } from "../../routing/decide-source.ts";
import type { Source } from "../../routing/source.ts";
import { present } from "../fields.ts";
import { isMask } from "./_masks.ts";
import { settleDedup } from "./_settle-dedup.ts";
import { settleSchema } from "./_settle-schema.ts";
import { settleVerification, type VerificationSent } from "./_settle-verification.ts";
import { refused, settled, type Settled } from "./_settled.ts";
import type { SentSource } from "./_source-fields.ts";
import { shownVerification, type ShownVerification } from "./_source-wire.ts";
import { isTemplate, presetOfNone, presetOfTemplate } from "./_template.ts";

/** What is needed to judge a change of a source. */
export type ChangeParts = { readonly catalog: Catalog };

/** A source as answers show it now. */
export type SourceNow = {
  readonly source: Source;
  readonly template: string | null;
};

/** The body of a change. */
export type SentChange = SentSource & { readonly rotate_immediately?: boolean | undefined };

type Origin = { readonly preset: Preset; readonly changes: Pick<SourceChanges, "template" | "provider"> };

/** Where a source's settings come from after the change: another template starts from nothing of its own. */
const originOf = (catalog: Catalog, { source, template }: SourceNow, sent: SentSource): Settled<Origin> => {
  if (sent.template === undefined || sent.template === template) {
    const preset = presetFor(catalog, { ...source, verification: null }) ?? presetOfNone(catalog);
    return settled({ preset, changes: {} });
  }
  const preset = sent.template === null ? presetOfNone(catalog) : presetOfTemplate(catalog, sent.template);
  if (preset === undefined) return refused("template", "is not a template; GET /v1/sources/templates lists them");
  return settled({ preset, changes: { template: sent.template, provider: preset.name } });
};

const emptyToNull = (text: string | null | undefined): string | null | undefined => (text === "" ? null : text);

/** What is sent as it is shown says nothing. */
const unlessShown = (sent: string | null | undefined, shown: string | null): string | null | undefined =>
  sent === shown ? undefined : emptyToNull(sent);

const secretOf = ({ verification_secret: sent }: SentSource): string | null | undefined =>
  typeof sent === "string" && isMask(sent) ? undefined : emptyToNull(sent);

const verificationSent = (source: Source, shown: ShownVerification, sent: SentSource): VerificationSent => ({
  enabled: sent.verification_enabled === true && source.requireSignature ? undefined : sent.verification_enabled,
  type: unlessShown(sent.verification_type, shown.type),
  secret: secretOf(sent),
  header: unlessShown(sent.verification_header, shown.header),
  config: unlessShown(sent.verification_config, shown.config),
});

const verificationChanges = (
  catalog: Catalog,
  { source }: SourceNow,
  { preset, changes: { provider } }: Origin,
  sent: SentSource,
): Settled<Pick<SourceChanges, "verification" | "requireSignature">> => {
  const said = verificationSent(source, shownVerification(catalog, source), sent);
  // A source of the other API may lack what this one asks for. It goes on so until somebody speaks of it.
  if (Object.values(said).every((value) => value === undefined)) {
    return settled(provider === undefined ? {} : { verification: null });
  }
  return settleVerification(
    {
      base: preset.verification,
      isFromTemplate: isTemplate(preset),
      own: provider === undefined ? source.verification : null,
      hasSecret: source.signingSecretSet,
      isEnabled: source.requireSignature,
    },
    said,
  );
};

const ruleChanges = (
  { source }: SourceNow,
  { preset }: Origin,
  sent: SentSource,
): Settled<Pick<SourceChanges, "dedup" | "schema">> => {
  const dedup = settleDedup(
    source.dedup,
    {
      enabled: sent.dedup_enabled,
      strategy: sent.dedup_strategy,
      field: sent.dedup_field,
      windowSeconds: sent.dedup_window_seconds,
    },
    preset.deliveryId !== null,
  );
  if (dedup.kind === "refused") return dedup;
  const schema = settleSchema(source.schema, {
    enabled: sent.schema_validation_enabled,
    json: sent.json_schema,
    action: sent.schema_action,
  });
  return schema.kind === "refused" ? schema : settled({ dedup: dedup.value, schema: schema.value });
};

const listAfter = (list: readonly string[] | null | undefined): readonly string[] | null | undefined =>
  list?.length === 0 ? null : list;

/** What a body changes of a source, or what is wrong with it. `sourceConfig` is what the masks in it stood for. */
export const settleChanges = (
  { catalog }: ChangeParts,
  now: SourceNow,
  sent: SentChange,
  sourceConfig: string | null | undefined,
): Settled<SourceChanges> => {
  if (typeof sent.type === "string" && sent.type !== now.source.transport) return refused("type", "cannot be changed");
  const origin = originOf(catalog, now, sent);
  if (origin.kind === "refused") return origin;
  const verification = verificationChanges(catalog, now, origin.value, sent);
  if (verification.kind === "refused") return verification;
  const rules = ruleChanges(now, origin.value, sent);
  if (rules.kind === "refused") return rules;
  const signingSecret = secretOf(sent);
  return settled({
    ...origin.value.changes,
    ...verification.value,
    ...rules.value,
    ...present({
      name: sent.name,
      slug: sent.slug,
      description: sent.description,
      signingSecret,
      rotateImmediately: sent.rotate_immediately ?? (typeof signingSecret === "string" ? true : undefined),
      sourceConfig,
      ipAllowlist: listAfter(sent.ip_allowlist),
      ipDenylist: listAfter(sent.ip_denylist),
      status: sent.status === null ? "active" : sent.status,
      isEphemeral: sent.is_ephemeral === null ? false : sent.is_ephemeral,
      expiresAtMs: sent.expires_at,
      requestLimit: sent.request_limit,
    }),
  });
};
