import type { Store } from "../db/store.ts";
import { idFromBytes, idTimeMs } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";

/** The time in the greatest id of an event, Unix milliseconds. Null: there are no events. One seek. */
export const newestEventMs = async (store: Pick<Store, "lookup">): Promise<number | null> => {
  const row = await store
    .lookup<EventTables>()
    .selectFrom("events")
    .select("id")
    .orderBy("id", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : idTimeMs(idFromBytes(row.id));
};
