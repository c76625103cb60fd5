import { sql } from "kysely";

import type { Store, Tx } from "../db/store.ts";
import { type Id, idFloor, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { EventAndDeliveryTables } from "./_deliveries.ts";
import type { EventTables } from "./_rows.ts";

/** An event whose time has come, and what it takes to remove it. */
export type Expired = {
  readonly id: Id;
  readonly bodyBytes: number;
  /** Rows that other rooms keep of it: its deliveries, and the attempts that were recorded of them. */
  readonly rowsElsewhere: number;
  /** Whether a delivery of its has not ended. */
  readonly isAwaited: boolean;
};

/** Which events are looked for. */
export type ExpiredOf = {
  readonly sourceId: Id;
  /** Received before then, Unix milliseconds. Null: all, because the source is gone. */
  readonly beforeMs: number | null;
  /** Only those that were held back for want of a valid signature. */
  readonly quarantinedOnly: boolean;
  /** Only those that come after. Null: from the oldest on. */
  readonly after: Id | null;
  readonly limit: number;
};

/** Events whose time has come, oldest first. */
export const findExpired = async (store: Pick<Store, "list">, wish: ExpiredOf): Promise<readonly Expired[]> => {
  let query = store
    .list<EventAndDeliveryTables>()
    .selectFrom("events")
    .select(({ selectFrom }) => [
      "id",
      "body_bytes",
      selectFrom("deliveries")
        .select(({ eb, fn }) =>
          eb(fn.countAll<number>(), "+", fn.coalesce(fn.sum<number>("attempts"), sql.lit(0))).as("rows"),
        )
        .whereRef("deliveries.event_id", "=", "events.id")
        .as("rows_elsewhere"),
      selectFrom("deliveries")
        .select(({ fn }) => fn.count<number>("deliveries.due_at_ms").as("awaited"))
        .whereRef("deliveries.event_id", "=", "events.id")
        .as("awaited"),
    ])
    .where("source_id", "=", idToBytes(wish.sourceId));
  if (wish.beforeMs !== null) query = query.where("id", "<", idToBytes(idFloor(wish.beforeMs)));
  // Written out, for only then is it seen that the partial index serves.
  if (wish.quarantinedOnly) query = query.where("quarantined", "=", sql.lit(1));
  if (wish.after !== null) query = query.where("id", ">", idToBytes(wish.after));
  const rows = await query.orderBy("id").limit(wish.limit).execute();
  return rows.map((row) => ({
    id: idFromBytes(row.id),
    bodyBytes: row.body_bytes,
    rowsElsewhere: row.rows_elsewhere ?? 0,
    isAwaited: (row.awaited ?? 0) > 0,
  }));
};

/** Whether anything is left of a source's events. */
export const hasEvents = async (store: Pick<Store, "list">, sourceId: Id): Promise<boolean> => {
  const row = await store
    .list<EventTables>()
    .selectFrom("events")
    .select("id")
    .where("source_id", "=", idToBytes(sourceId))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
};

/** Removes events and their bytes. What other rooms keep of them goes in the same transaction. */
export const removeEvents = async (tx: Tx, ids: readonly Id[]): Promise<number> => {
  const tables = tx.tables<EventTables>();
  const keys = ids.map(idToBytes);
  await tables.deleteFrom("payloads").where("event_id", "in", keys).execute();
  const removed = await tables.deleteFrom("events").where("id", "in", keys).executeTakeFirst();
  return Number(removed.numDeletedRows);
};
