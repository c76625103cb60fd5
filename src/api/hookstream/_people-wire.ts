import { z } from "zod";

import type { ApiKey } from "../../access/api-key.ts";
import type { Environment } from "../../access/environment.ts";
import type { ListedKey } from "../../access/list-keys.ts";
import { type Role, roleNames } from "../../access/role.ts";
import { scopeNames } from "../../access/scopes.ts";
import type { User } from "../../accounts/user.ts";
import { isoSeconds } from "../../lib/clock.ts";
import { toWireFlag, toWireId, wireFlag, wireId, wireInstant } from "./_fields.ts";

const orNull = (ms: number | null): string | null => (ms === null ? null : isoSeconds(ms));

const toWireScopes = (scopes: ApiKey["scopes"]): string => scopes.join(",");

const wireScopes = z.string().describe(`One or more of ${scopeNames.join(", ")}, with commas between them.`);

/** Somebody, as answers show them. */
export type WireUser = { id: string; email: string; name: string };

export const wireUser: z.ZodType<WireUser> = z.object({ id: wireId, email: z.string(), name: z.string() });

export const toWireUser = ({ id, email, name }: User): WireUser => ({
  id: toWireId(id),
  email,
  name,
});

export const wireRole: z.ZodType<Role> = z.enum(roleNames);

/** An environment, as answers show it. */
export type WireEnvironment = {
  id: string;
  org_id: string;
  name: string;
  slug: string;
  is_default: number;
  created_at: string;
};

export const wireEnvironment: z.ZodType<WireEnvironment> = z.object({
  id: wireId,
  org_id: wireId,
  name: z.string(),
  slug: z.string(),
  is_default: wireFlag,
  created_at: wireInstant,
});

export const toWireEnvironment = (environment: Environment): WireEnvironment => ({
  id: toWireId(environment.id),
  org_id: toWireId(environment.teamId),
  name: environment.name,
  slug: environment.slug,
  is_default: toWireFlag(environment.isDefault),
  created_at: isoSeconds(environment.createdAtMs),
});

/** A key that was just made, with all of it. */
export type WireNewKey = {
  id: string;
  name: string;
  key: string;
  key_prefix: string;
  scopes: string;
  created_at: string;
};

export const wireNewKey: z.ZodType<WireNewKey> = z.object({
  id: wireId,
  name: z.string(),
  key: z.string().describe("The whole key, shown this once."),
  key_prefix: z.string(),
  scopes: wireScopes,
  created_at: wireInstant,
});

export const toWireNewKey = (key: string, apiKey: ApiKey): WireNewKey => ({
  id: toWireId(apiKey.id),
  name: apiKey.name,
  key,
  key_prefix: apiKey.prefix,
  scopes: toWireScopes(apiKey.scopes),
  created_at: isoSeconds(apiKey.createdAtMs),
});

/** A key as lists show it: all but the key itself. */
export type WireKey = {
  id: string;
  org_id: string;
  env_id: string;
  name: string;
  prefix: string;
  key_prefix: string;
  scopes: string;
  revoked: number;
  last_used_at: string | null;
  expires_at: string | null;
  created_at: string;
  revoked_at: string | null;
};

export const wireKey: z.ZodType<WireKey> = z.object({
  id: wireId,
  org_id: wireId,
  env_id: wireId,
  name: z.string(),
  prefix: z.string(),
  key_prefix: z.string().describe("The same as `prefix`."),
  scopes: wireScopes,
  revoked: wireFlag,
  last_used_at: wireInstant.nullable(),
  expires_at: wireInstant.nullable(),
  created_at: wireInstant,
  revoked_at: wireInstant.nullable(),
});

export const toWireKey = (key: ListedKey): WireKey => ({
  id: toWireId(key.id),
  org_id: toWireId(key.teamId),
  env_id: toWireId(key.envId),
  name: key.name,
  prefix: key.prefix,
  key_prefix: key.prefix,
  scopes: toWireScopes(key.scopes),
  revoked: toWireFlag(key.revokedAtMs !== null),
  last_used_at: orNull(key.lastUsedAtMs),
  expires_at: orNull(key.expiresAtMs),
  created_at: isoSeconds(key.createdAtMs),
  revoked_at: orNull(key.revokedAtMs),
});
