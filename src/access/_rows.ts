import { idFromBytes } from "../lib/ids.ts";
import type { ApiKey } from "./api-key.ts";
import { type Environment, slugOfEnvironment } from "./environment.ts";
import { fromScopesText } from "./scopes.ts";

type TeamRow = {
  id: Uint8Array;
  name: string;
  created_at_ms: number;
  max_sources: number | null;
  max_destinations: number | null;
  events_per_month: number | null;
};

type EnvironmentRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  name: string;
  /** Null: it was made before there were slugs. */
  slug: string | null;
  is_default: number;
  created_at_ms: number;
};

export type ApiKeyRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  name: string;
  key_hash: Uint8Array;
  key_prefix: string;
  scopes: string;
  expires_at_ms: number | null;
  last_used_at_ms: number | null;
  revoked_at_ms: number | null;
  created_at_ms: number;
};

/** The tables of this room. */
export type AccessTables = { teams: TeamRow; environments: EnvironmentRow; api_keys: ApiKeyRow };

export const fromApiKeyRow = (row: Omit<ApiKeyRow, "key_hash">): ApiKey => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  name: row.name,
  prefix: row.key_prefix,
  scopes: fromScopesText(row.scopes),
  expiresAtMs: row.expires_at_ms,
  lastUsedAtMs: row.last_used_at_ms,
  revokedAtMs: row.revoked_at_ms,
  createdAtMs: row.created_at_ms,
});

export const fromEnvironmentRow = (row: EnvironmentRow): Environment => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  name: row.name,
  slug: row.slug ?? slugOfEnvironment(row.name),
  isDefault: row.is_default === 1,
  createdAtMs: row.created_at_ms,
});
