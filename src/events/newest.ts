import type { Kysely } from "kysely";

import type { Store, Tx } from "../db/store.ts";
import { type Id, idFromBytes, idTimeMs } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";

/** One seek. */
const newestIn = async (tables: Kysely<EventTables>): Promise<Id | null> => {
  const row = await tables.selectFrom("events").select("id").orderBy("id", "desc").limit(1).executeTakeFirst();
  return row === undefined ? null : idFromBytes(row.id);
};

/** The greatest id of an event that is stored. Null: there are no events. */
export const newestEventId = (tx: Tx): Promise<Id | null> => newestIn(tx.tables<EventTables>());

/** The time in the greatest id of an event, Unix milliseconds. Null: there are no events. */
export const newestEventMs = async (store: Pick<Store, "lookup">): Promise<number | null> => {
  const id = await newestIn(store.lookup<EventTables>());
  return id === null ? null : idTimeMs(id);
};
