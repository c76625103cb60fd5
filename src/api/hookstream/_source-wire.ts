import { z } from "zod";

import type { SourceCount } from "../../events/read-source-counts.ts";
import { isoSeconds } from "../../lib/clock.ts";
import type { Catalog } from "../../providers/catalog.ts";
import { describeVerification } from "../../providers/describe-verification.ts";
import { presetFor } from "../../providers/source-preset.ts";
import type { Source } from "../../routing/source.ts";
import { toWireFlag, toWireId, wireFlag, wireId, wireInstant } from "./_fields.ts";
import { isTemplate, templateOf } from "./_template.ts";

/** A source as answers show it: the documented fields in their order, then ours. */
export type WireSource = {
  id: string;
  org_id: string;
  env_id: string;
  slug: string;
  name: string;
  description: string | null;
  template: string | null;
  verification_enabled: number;
  verification_type: string | null;
  verification_secret: string | null;
  verification_header: string | null;
  verification_config: string | null;
  dedup_enabled: number;
  dedup_strategy: string | null;
  dedup_field: string | null;
  dedup_window_seconds: number;
  ip_allowlist: string | null;
  ip_denylist: string | null;
  status: string;
  event_count: number;
  last_event_at: string | null;
  created_at: string;
  updated_at: string;
  is_ephemeral: number;
  expires_at: string | null;
  request_limit: number | null;
  type: string;
  source_config: string | null;
  schema_validation_enabled: number;
  json_schema: string | null;
  schema_action: string | null;
  ingest_url: string;
};

const text = z.string().nullable();

export const wireSource: z.ZodType<WireSource> = z.object({
  id: wireId,
  org_id: wireId,
  env_id: wireId,
  slug: z.string(),
  name: z.string(),
  description: text,
  template: text,
  verification_enabled: wireFlag,
  verification_type: text.describe("As it was sent, or as the template says."),
  verification_secret: text.describe(
    "`••••` and its last 4 characters, save in the answer to the request that sets it.",
  ),
  verification_header: text,
  verification_config: text.describe("JSON."),
  dedup_enabled: wireFlag,
  dedup_strategy: text,
  dedup_field: text,
  dedup_window_seconds: z.int(),
  ip_allowlist: text.describe("JSON: an array. Null: all."),
  ip_denylist: text.describe("JSON: an array. Null: none."),
  status: z.enum(["active", "paused", "disabled"]),
  event_count: z.int(),
  last_event_at: wireInstant.nullable(),
  created_at: wireInstant,
  updated_at: wireInstant,
  is_ephemeral: wireFlag,
  expires_at: wireInstant.nullable(),
  request_limit: z.int().nullable(),
  type: z.enum(["http", "websocket"]),
  source_config: text.describe("JSON: an object whose `headers` are masked."),
  schema_validation_enabled: wireFlag,
  json_schema: text.describe("JSON."),
  schema_action: z.enum(["reject", "warn"]).nullable(),
  ingest_url: z.string().describe("What the sender calls, with any method; for `websocket`, what it opens."),
});

/** A source, and what answers show beside its own row. */
export type ShownSource = {
  readonly source: Source;
  readonly count: SourceCount;
  /** The secret, or what stands for it. */
  readonly secret: string | null;
  /** JSON text that may be shown. */
  readonly config: string | null;
};

/** What counts of a source's verification: as it was said, and else as its template says. */
export type ShownVerification = {
  readonly type: string | null;
  readonly header: string | null;
  readonly config: string | null;
};

/** How a source verifies, in the words of this API. */
export const shownVerification = (catalog: Catalog, source: Source): ShownVerification => {
  const preset = presetFor(catalog, source);
  const counts = preset === undefined ? null : describeVerification(preset.verification);
  const own = source.verification;
  return {
    type: own?.type ?? counts?.type ?? null,
    header: own?.header ?? counts?.header ?? null,
    config: own === null ? (counts?.config ?? null) : own.config,
  };
};

/** The template that a source goes by, as whoever made the source called it. */
export const shownTemplate = (catalog: Catalog, { template, provider }: Source): string | null => {
  const preset = catalog.get(provider);
  return template ?? (preset !== undefined && isTemplate(preset) ? templateOf(preset) : null);
};

const jsonOrNull = (list: readonly string[] | null): string | null => (list === null ? null : JSON.stringify(list));
const instantOrNull = (ms: number | null): string | null => (ms === null ? null : isoSeconds(ms));

/** What the sender opens. It takes requests at the other URL as well. */
const socketUrl = (publicUrl: string, id: string): string => `${publicUrl.replace(/^http/, "ws")}/v1/ws/ingest/${id}`;

export const toWireSource = (
  { source, count, secret, config }: ShownSource,
  { catalog, publicUrl }: { readonly catalog: Catalog; readonly publicUrl: string },
): WireSource => {
  const verification = shownVerification(catalog, source);
  const id = toWireId(source.id);
  return {
    id,
    org_id: toWireId(source.teamId),
    env_id: toWireId(source.envId),
    slug: source.slug,
    name: source.name,
    description: source.description,
    template: shownTemplate(catalog, source),
    verification_enabled: toWireFlag(source.requireSignature),
    verification_type: verification.type,
    verification_secret: secret,
    verification_header: verification.header,
    verification_config: verification.config,
    dedup_enabled: toWireFlag(source.dedup.enabled),
    dedup_strategy: source.dedup.strategy,
    dedup_field: source.dedup.field,
    dedup_window_seconds: source.dedup.windowSeconds,
    ip_allowlist: jsonOrNull(source.ipAllowlist),
    ip_denylist: jsonOrNull(source.ipDenylist),
    status: source.status,
    event_count: count.events,
    last_event_at: instantOrNull(count.lastEventAtMs),
    created_at: isoSeconds(source.createdAtMs),
    updated_at: isoSeconds(source.updatedAtMs),
    is_ephemeral: toWireFlag(source.isEphemeral),
    expires_at: instantOrNull(source.expiresAtMs),
    request_limit: source.requestLimit,
    type: source.transport,
    source_config: config,
    schema_validation_enabled: toWireFlag(source.schema.enabled),
    json_schema: source.schema.json,
    schema_action: source.schema.action,
    ingest_url: source.transport === "websocket" ? socketUrl(publicUrl, id) : `${publicUrl}/v1/ingest/${id}`,
  };
};
