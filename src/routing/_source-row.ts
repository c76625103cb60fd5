import { z } from "zod";

import { idFromBytes, idToBytes } from "../lib/ids.ts";
import type {
  DedupStrategy,
  Dialect,
  EventTypeSource,
  SchemaAction,
  SealedSource,
  SessionResponse,
  SigningAlgorithm,
  Source,
  SourceKind,
  SourceStatus,
  Transport,
} from "./source.ts";

export type SourceRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  kind: SourceKind;
  dialect: Dialect;
  name: string;
  ingest_slug: string;
  slug: string;
  description: string | null;
  template: string | null;
  transport: Transport;
  source_config: Uint8Array | null;
  provider: string;
  signing_secret: Uint8Array | null;
  previous_secret: Uint8Array | null;
  previous_secret_until_ms: number | null;
  signing_algorithm: SigningAlgorithm | null;
  signing_header: string | null;
  verification_type: string | null;
  verification_header: string | null;
  verification_config: string | null;
  event_type_source: EventTypeSource | null;
  event_type_path: string | null;
  require_signature: number;
  dedup_enabled: number;
  dedup_strategy: DedupStrategy | null;
  dedup_field: string | null;
  dedup_window_seconds: number;
  ip_allowlist: string | null;
  ip_denylist: string | null;
  schema_enabled: number;
  json_schema: string | null;
  schema_action: SchemaAction | null;
  status: SourceStatus;
  retention_days: number;
  body_limit_bytes: number | null;
  rate_limit_per_minute: number | null;
  is_ephemeral: number;
  expires_at_ms: number | null;
  request_limit: number | null;
  session_token_hash: Uint8Array | null;
  session_response: string | null;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
};

const texts = z.array(z.string());
const sessionResponse: z.ZodType<SessionResponse> = z.object({
  status: z.int(),
  contentType: z.string(),
  body: z.string(),
});

const flag = (value: boolean): number => (value ? 1 : 0);
const jsonOrNull = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));

const fromJson = <Value>(shape: z.ZodType<Value>, text: string | null): Value | null =>
  text === null ? null : shape.parse(JSON.parse(text));

const verificationOf = (row: SourceRow): Source["verification"] => {
  const { verification_type: type, verification_header: header, verification_config: config } = row;
  return type === null && header === null && config === null ? null : { type, header, config };
};

export const fromSourceRow = (row: SourceRow): Source => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  kind: row.kind,
  dialect: row.dialect,
  name: row.name,
  ingestSlug: row.ingest_slug,
  slug: row.slug,
  description: row.description,
  template: row.template,
  transport: row.transport,
  provider: row.provider,
  signingSecretSet: row.signing_secret !== null,
  signingAlgorithm: row.signing_algorithm,
  signingHeader: row.signing_header,
  verification: verificationOf(row),
  eventTypeSource: row.event_type_source,
  eventTypePath: row.event_type_path,
  requireSignature: row.require_signature === 1,
  dedup: {
    enabled: row.dedup_enabled === 1,
    strategy: row.dedup_strategy,
    field: row.dedup_field,
    windowSeconds: row.dedup_window_seconds,
  },
  ipAllowlist: fromJson(texts, row.ip_allowlist),
  ipDenylist: fromJson(texts, row.ip_denylist),
  schema: { enabled: row.schema_enabled === 1, json: row.json_schema, action: row.schema_action },
  status: row.status,
  retentionDays: row.retention_days,
  bodyLimitBytes: row.body_limit_bytes,
  rateLimitPerMinute: row.rate_limit_per_minute,
  isEphemeral: row.is_ephemeral === 1,
  expiresAtMs: row.expires_at_ms,
  requestLimit: row.request_limit,
  sessionTokenHash: row.session_token_hash,
  sessionResponse: fromJson(sessionResponse, row.session_response),
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});

export const toSourceRow = (source: Source, sealed: SealedSource): SourceRow => ({
  id: idToBytes(source.id),
  team_id: idToBytes(source.teamId),
  env_id: idToBytes(source.envId),
  kind: source.kind,
  dialect: source.dialect,
  name: source.name,
  ingest_slug: source.ingestSlug,
  slug: source.slug,
  description: source.description,
  template: source.template,
  transport: source.transport,
  source_config: sealed.config,
  provider: source.provider,
  signing_secret: sealed.current,
  previous_secret: sealed.previous,
  previous_secret_until_ms: sealed.previousUntilMs,
  signing_algorithm: source.signingAlgorithm,
  signing_header: source.signingHeader,
  verification_type: source.verification?.type ?? null,
  verification_header: source.verification?.header ?? null,
  verification_config: source.verification?.config ?? null,
  event_type_source: source.eventTypeSource,
  event_type_path: source.eventTypePath,
  require_signature: flag(source.requireSignature),
  dedup_enabled: flag(source.dedup.enabled),
  dedup_strategy: source.dedup.strategy,
  dedup_field: source.dedup.field,
  dedup_window_seconds: source.dedup.windowSeconds,
  ip_allowlist: jsonOrNull(source.ipAllowlist),
  ip_denylist: jsonOrNull(source.ipDenylist),
  schema_enabled: flag(source.schema.enabled),
  json_schema: source.schema.json,
  schema_action: source.schema.action,
  status: source.status,
  retention_days: source.retentionDays,
  body_limit_bytes: source.bodyLimitBytes,
  rate_limit_per_minute: source.rateLimitPerMinute,
  is_ephemeral: flag(source.isEphemeral),
  expires_at_ms: source.expiresAtMs,
  request_limit: source.requestLimit,
  session_token_hash: source.sessionTokenHash,
  session_response: jsonOrNull(source.sessionResponse),
  created_at_ms: source.createdAtMs,
  updated_at_ms: source.updatedAtMs,
  deleted_at_ms: null,
});

export const sealedSource = (row: SourceRow): SealedSource => ({
  current: row.signing_secret,
  previous: row.previous_secret,
  previousUntilMs: row.previous_secret_until_ms,
  config: row.source_config,
});
