import type { Store, Tx } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import { type Ids, idToBytes } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { AccessTables } from "./_rows.ts";
import type { ApiKey, Place } from "./api-key.ts";
import { hashKeyText, type KeyForm, keyPrefixOf, newKeyText } from "./key-text.ts";
import { isName, nameRule } from "./names.ts";
import { ensurePlace, hasPlace } from "./place.ts";
import { beyond, parseScopes, type Scopes, toScopesText } from "./scopes.ts";

/** Whoever makes a key for the place that they act in. */
export type KeyGrantor = Place & {
  readonly scopes: Scopes;
  /** When what they hold ends, and with it what they can grant. Null: never, as with people, who may stay. */
  readonly expiresAtMs: number | null;
};

/** For whom a key is made: a place that the operator names (null: the default), or the place of someone who acts there. */
export type KeyMaker =
  | { readonly kind: "operator"; readonly team: string | null; readonly env: string | null }
  | { readonly kind: "principal"; readonly principal: KeyGrantor };

export type KeyRequest = {
  readonly name: string;
  /** As people name them. */
  readonly scopes: readonly string[];
  /** Null: never. */
  readonly expiresAtMs: number | null;
  readonly maker: KeyMaker;
  /** Default: as the Krafter API writes them. */
  readonly form?: KeyForm;
};

/**
 * The new key, which nobody can see again, or why there is none:
 *
 * - `invalid`: something in the request is wrong.
 * - `forbidden`: the maker may not do, or not for so long, what the key could.
 */
export type KeyCreation =
  | { readonly kind: "created"; readonly key: string; readonly apiKey: ApiKey }
  | {
      readonly kind: "invalid";
      readonly field: "name" | "scopes" | "expiresAt" | "team" | "env";
      readonly message: string;
    }
  | { readonly kind: "forbidden"; readonly message: string };

export type KeyCreatorParts = { store: Pick<Store, "write">; clock: Pick<Clock, "nowMs">; ids: Ids; random: Random };

type Refusal = Exclude<KeyCreation, { kind: "created" }>;

const invalid = (field: Extract<Refusal, { kind: "invalid" }>["field"], message: string): Refusal => ({
  kind: "invalid",
  field,
  message,
});

const refusedNames = ({ name, maker }: KeyRequest): Refusal | null => {
  if (!isName(name)) return invalid("name", `the key's name ${nameRule}`);
  if (maker.kind === "principal") return null;
  if (maker.team !== null && !isName(maker.team)) return invalid("team", `the team's name ${nameRule}`);
  if (maker.env !== null && !isName(maker.env)) return invalid("env", `the environment's name ${nameRule}`);
  return null;
};

const refusedPowers = ({ expiresAtMs, maker }: KeyRequest, scopes: Scopes, nowMs: number): Refusal | null => {
  if (expiresAtMs !== null && !(Number.isSafeInteger(expiresAtMs) && expiresAtMs > nowMs)) {
    return invalid("expiresAt", "the key's expiry must lie in the future");
  }
  if (maker.kind === "operator") return null;
  const missing = beyond(maker.principal.scopes, scopes);
  if (missing.length > 0) {
    return { kind: "forbidden", message: `nobody can pass on a scope that they do not hold: ${missing.join(", ")}` };
  }
  const until = maker.principal.expiresAtMs;
  if (until !== null && (expiresAtMs === null || expiresAtMs > until)) {
    return { kind: "forbidden", message: "a key that expires cannot make one that lives longer" };
  }
  return null;
};

/** Null: it was deleted since whoever makes the key was let in. */
const placeOf = async (tx: Tx, maker: KeyMaker, parts: { ids: Ids; nowMs: number }): Promise<Place | null> => {
  if (maker.kind === "operator") return ensurePlace(tx, maker, parts);
  const { teamId, envId } = maker.principal;
  return (await hasPlace(tx, { teamId, envId })) ? { teamId, envId } : null;
};

const gone = invalid("env", "the environment does not exist any more");

/** Makes a key. @throws {StoreError} */
export const createKey = async (
  { store, clock, ids, random }: KeyCreatorParts,
  request: KeyRequest,
): Promise<KeyCreation> => {
  const nowMs = clock.nowMs();
  const parsed = parseScopes(request.scopes);
  if (parsed.kind === "refused") return { kind: "invalid", field: "scopes", message: parsed.message };
  const refusal = refusedNames(request) ?? refusedPowers(request, parsed.scopes, nowMs);
  if (refusal !== null) return refusal;

  const key = newKeyText(random, request.form);
  return store.write(async (tx) => {
    const place = await placeOf(tx, request.maker, { ids, nowMs });
    if (place === null) return gone;
    const apiKey: ApiKey = {
      ...place,
      id: ids.next(),
      name: request.name,
      prefix: keyPrefixOf(key),
      scopes: parsed.scopes,
      expiresAtMs: request.expiresAtMs,
      lastUsedAtMs: null,
      revokedAtMs: null,
      createdAtMs: nowMs,
    };
    await tx
      .tables<AccessTables>()
      .insertInto("api_keys")
      .values({
        id: idToBytes(apiKey.id),
        team_id: idToBytes(apiKey.teamId),
        env_id: idToBytes(apiKey.envId),
        name: apiKey.name,
        key_hash: hashKeyText(key),
        key_prefix: apiKey.prefix,
        scopes: toScopesText(apiKey.scopes),
        expires_at_ms: apiKey.expiresAtMs,
        last_used_at_ms: null,
        revoked_at_ms: null,
        created_at_ms: nowMs,
      })
      .execute();
    return { kind: "created", key, apiKey };
    // Two that name the same new team make one of it.
  }, "access");
};
