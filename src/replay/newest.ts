import type { Store } from "../db/store.ts";
import { idFromBytes, idTimeMs } from "../lib/ids.ts";
import type { ReplayTables } from "./_rows.ts";

/**
 * The time in the greatest id of a bulk replay, Unix milliseconds. No point that one goes up to is later, since that is
 * taken first. Null: there are none. One seek.
 */
export const newestReplayMs = async (store: Pick<Store, "lookup">): Promise<number | null> => {
  const row = await store
    .lookup<ReplayTables>()
    .selectFrom("replays")
    .select("id")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : idTimeMs(idFromBytes(row.id));
};
