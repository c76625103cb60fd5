import type { Store } from "../db/store.ts";
import { BoundedCache } from "../lib/bounded-cache.ts";
import { type AccessTables, fromApiKeyRow } from "./_rows.ts";
import { type ApiKey, type KeyPrincipal, keyStateAt, type Principal } from "./api-key.ts";
import { hashKeyText, isKeyText, readBearer } from "./key-text.ts";

/** Whose request this is. Why one is refused is nobody's business: missing, malformed, unknown, expired and revoked are alike. */
export type Authentication<Granted extends Principal = Principal> =
  | { readonly kind: "granted"; readonly principal: Granted }
  | { readonly kind: "refused" };

/** Tells who asks, from an `Authorization` header. `nowMs` is wall time. @throws {StoreError} */
export type Authenticate = (authorization: string | undefined, nowMs: number) => Promise<Authentication<KeyPrincipal>>;

/** Tells whose key this is. What has not the form of a key is nobody's. @throws {StoreError} */
export type AuthenticateKey = (key: string, nowMs: number) => Promise<Authentication<KeyPrincipal>>;

/** Keys in memory. About 400 bytes each. */
const keysMax = 10_000;

const refused = { kind: "refused" } as const;

const toPrincipal = ({ id, teamId, envId, scopes, expiresAtMs }: ApiKey): KeyPrincipal => ({
  kind: "key",
  keyId: id,
  teamId,
  envId,
  scopes,
  expiresAtMs,
});

/**
 * Remembers keys that were found, by hash. `forget` must run after every commit that revokes a key and before the next
 * one, so that a revoked key is refused as soon as its revocation was answered. Keys that do not exist are not
 * remembered: guesses would push out real ones.
 */
export const createAuthenticate = (
  store: Pick<Store, "lookup">,
  onUse: (principal: KeyPrincipal) => void,
): { authenticate: Authenticate; authenticateKey: AuthenticateKey; forget(): void } => {
  const known = new BoundedCache<string, KeyPrincipal>(keysMax);
  let forgotten = 0;

  const find = async (hash: Buffer): Promise<KeyPrincipal | null> => {
    const remembered = known.get(hash.toString("latin1"));
    if (remembered !== undefined) return remembered;
    const forgottenBefore = forgotten;
    const row = await store
      .lookup<AccessTables>()
      .selectFrom("api_keys")
      .selectAll()
      .where("key_hash", "=", hash)
      .executeTakeFirst();
    if (row === undefined || row.revoked_at_ms !== null) return null;
    const principal = toPrincipal(fromApiKeyRow(row));
    // A key that was revoked while it was being read is not remembered as good.
    if (forgotten === forgottenBefore) known.set(hash.toString("latin1"), principal);
    return principal;
  };

  const authenticateKey: AuthenticateKey = async (key, nowMs) => {
    const principal = isKeyText(key) ? await find(hashKeyText(key)) : null;
    if (principal === null || keyStateAt({ ...principal, revokedAtMs: null }, nowMs) !== "active") return refused;
    onUse(principal);
    return { kind: "granted", principal };
  };
  return {
    authenticate: async (authorization, nowMs) => {
      const key = readBearer(authorization);
      return key === null ? refused : authenticateKey(key, nowMs);
    },
    authenticateKey,
    forget: () => {
      forgotten += 1;
      known.clear();
    },
  };
};
