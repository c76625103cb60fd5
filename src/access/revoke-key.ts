import type { Store, Tx } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import { type Id, isId, idToBytes } from "../lib/ids.ts";
import { type AccessTables, fromApiKeyRow } from "./_rows.ts";
import type { ApiKey, Place } from "./api-key.ts";
import { hashKeyText, isKeyText } from "./key-text.ts";

/** Keys that one prefix is looked up for: 24 random bits rarely meet even twice. */
const matchesMax = 20;

/** What became of a revocation. To revoke a key again is a success that changes nothing. */
export type KeyRevocation =
  | { readonly kind: "revoked"; readonly apiKey: ApiKey }
  | { readonly kind: "not_found" }
  /** The prefix is of several keys that count; nothing was revoked. */
  | { readonly kind: "ambiguous"; readonly ids: readonly Id[] };

export type KeyRevokerParts = {
  store: Pick<Store, "write">;
  clock: Pick<Clock, "nowMs">;
  /** Drops what is remembered of keys. */
  forget(): void;
};

const findMatches = async (tx: Tx, reference: string, place: Place | null): Promise<ApiKey[]> => {
  const keys = tx.tables<AccessTables>().selectFrom("api_keys").selectAll().limit(matchesMax);
  const ofPlace =
    place === null
      ? keys
      : keys.where("team_id", "=", idToBytes(place.teamId)).where("env_id", "=", idToBytes(place.envId));
  const named = (): typeof keys => {
    if (isId(reference)) return ofPlace.where("id", "=", idToBytes(reference));
    // Whoever finds a key where it should not be has the whole of it.
    if (isKeyText(reference)) return ofPlace.where("key_hash", "=", hashKeyText(reference));
    return ofPlace.where("key_prefix", "=", reference);
  };
  const rows = await named().execute();
  return rows.map(fromApiKeyRow);
};

/**
 * Revokes the key with this id, prefix or text, if the place owns it (null: the operator's, any). From the answer on it
 * is refused. @throws {StoreError}
 */
export const revokeKey = async (
  { store, clock, forget }: KeyRevokerParts,
  reference: string,
  place: Place | null,
): Promise<KeyRevocation> =>
  store.write(async (tx) => {
    const matches = await findMatches(tx, reference, place);
    const counting = matches.filter(({ revokedAtMs }) => revokedAtMs === null);
    if (counting.length > 1) return { kind: "ambiguous", ids: counting.map(({ id }) => id) };
    const apiKey = counting[0] ?? matches[0];
    if (apiKey === undefined) return { kind: "not_found" };
    if (apiKey.revokedAtMs !== null) return { kind: "revoked", apiKey };

    const nowMs = clock.nowMs();
    await tx
      .tables<AccessTables>()
      .updateTable("api_keys")
      .set({ revoked_at_ms: nowMs })
      .where("id", "=", idToBytes(apiKey.id))
      .execute();
    tx.afterCommit(forget);
    return { kind: "revoked", apiKey: { ...apiKey, revokedAtMs: nowMs } };
  }, "access");
