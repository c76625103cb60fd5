import type { Catalog } from "../providers/catalog.ts";
import type { SecretChange } from "./_rotation.ts";
import type { Dialect, Source, SourceKind, SourceRules } from "./source.ts";

/** What people set of a source. */
export type SourceSettings = Pick<
  Source,
  | "name"
  | "provider"
  | "signingAlgorithm"
  | "signingHeader"
  | "eventTypeSource"
  | "eventTypePath"
  | "requireSignature"
  | "status"
  | "description"
  | "template"
  | "transport"
  | "verification"
  | "isEphemeral"
  | "sessionTokenHash"
  | "sessionResponse"
  | keyof SourceRules
  | "retentionDays"
  | "bodyLimitBytes"
  | "rateLimitPerMinute"
>;

/** A source to be made. */
export type SourceDraft = SourceSettings & {
  readonly kind: SourceKind;
  readonly dialect: Dialect;
  readonly signingSecret: string | null;
  /** Unique in the environment. Default: the source's id. */
  readonly slug?: string;
  /** JSON text, to be sealed. Default: null. */
  readonly sourceConfig?: string | null;
};

/** What to change of a source. Absent parts stay. */
export type SourceChanges = Partial<SourceSettings> & {
  /** Null drops all secrets. */
  readonly signingSecret?: string | null;
  readonly slug?: string;
  readonly sourceConfig?: string | null;
  /** Drops the secret before the present one now, instead of after a day. */
  readonly rotateImmediately?: boolean;
};

/** Whether a provider leaves the four settings below to the source. */
export type IsConfigurable = (provider: string) => boolean;

/** The catalog's answer to that. */
export const isConfigurable =
  (catalog: Pick<Catalog, "get">): IsConfigurable =>
  (provider) =>
    catalog.get(provider)?.configurable === true;

const unconfigured: Pick<Source, "signingAlgorithm" | "signingHeader" | "eventTypeSource" | "eventTypePath"> = {
  signingAlgorithm: null,
  signingHeader: null,
  eventTypeSource: null,
  eventTypePath: null,
};

/** The settings as they are stored: on a provider that says itself how it signs, nothing else is kept. */
export const settleSource = <Settings extends SourceSettings>(
  settings: Settings,
  leavesToSource: IsConfigurable,
): Settings => (leavesToSource(settings.provider) ? settings : { ...settings, ...unconfigured });

const unnamed: Pick<Source, "template" | "verification"> = { template: null, verification: null };

/** Whether somebody says in Krafter's words how the sender signs. */
const signsOtherwise = (source: Source, changes: SourceChanges): boolean =>
  (["signingHeader", "signingAlgorithm"] as const).some(
    (name) => changes[name] !== undefined && changes[name] !== source[name],
  );

/**
 * A source's settings after a change. Another provider starts from nothing, and of the two ways to say how a sender signs, the
 * one counts that was used last.
 */
export const changeSource = (
  source: Source,
  { signingSecret: _secret, rotateImmediately: _now, sourceConfig: _config, ...changes }: SourceChanges,
  leavesToSource: IsConfigurable,
): Source => {
  const isOther = changes.provider !== undefined && changes.provider !== source.provider;
  const reset = {
    ...(isOther ? { ...unconfigured, ...unnamed } : {}),
    ...(signsOtherwise(source, changes) ? { verification: null } : {}),
  };
  return settleSource({ ...source, ...reset, ...changes }, leavesToSource);
};

/** What a change means for the secrets. */
export const secretChangeOf = ({
  signingSecret,
  rotateImmediately = false,
}: Pick<SourceChanges, "signingSecret" | "rotateImmediately">): SecretChange => {
  if (signingSecret === null) return { kind: "drop_all" };
  if (signingSecret !== undefined) return { kind: "set", secret: signingSecret, atOnce: rotateImmediately };
  return rotateImmediately ? { kind: "drop_previous" } : { kind: "keep" };
};
