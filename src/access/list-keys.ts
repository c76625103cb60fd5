import type { Store } from "../db/store.ts";
import { idToBytes } from "../lib/ids.ts";
import { type AccessTables, fromApiKeyRow } from "./_rows.ts";
import type { ApiKey, Place } from "./api-key.ts";

/** Keys that one list shows at most. */
const keysListedMax = 1_000;

/** Shown of an environment that is gone: names of real ones cannot be like it, having spaces around them. */
const deleted = " (deleted)";

/** A key, and the names of what owns it. */
export type ListedKey = ApiKey & { readonly team: string; readonly env: string };

/** The newest keys first. `more` when there were older ones than the list can hold. */
export type KeyList = { readonly keys: readonly ListedKey[]; readonly more: boolean };

/** Lists the keys of a place, or, for the operator, of all places (null). @throws {StoreError} */
export const listKeys = async (store: Pick<Store, "list">, place: Place | null): Promise<KeyList> => {
  const all = store
    .list<AccessTables>()
    .selectFrom("api_keys")
    .innerJoin("teams", "teams.id", "api_keys.team_id")
    .leftJoin("environments", "environments.id", "api_keys.env_id")
    .selectAll("api_keys")
    .select(["teams.name as team", "environments.name as env"])
    .orderBy("api_keys.id", "desc")
    .limit(keysListedMax + 1);
  const ofPlace =
    place === null
      ? all
      : all
          .where("api_keys.team_id", "=", idToBytes(place.teamId))
          .where("api_keys.env_id", "=", idToBytes(place.envId));
  const rows = await ofPlace.execute();
  return {
    keys: rows
      .slice(0, keysListedMax)
      .map((row): ListedKey => ({ ...fromApiKeyRow(row), team: row.team, env: row.env ?? deleted })),
    more: rows.length > keysListedMax,
  };
};
