import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { ReplayTables } from "./_rows.ts";

/** Rows that one transaction removes. */
const rowsMax = 200;

/** The sources that have bulk replays, be they deleted or not. */
export const sourcesWithReplays = async (store: Pick<Store, "list">): Promise<readonly Id[]> => {
  const rows = await store.list<ReplayTables>().selectFrom("replays").select("source_id").distinct().execute();
  return rows.map(({ source_id }) => idFromBytes(source_id));
};

/** Whether anything is left of a source's bulk replays. */
export const hasReplays = async (store: Pick<Store, "list">, sourceId: Id): Promise<boolean> => {
  const row = await store
    .list<ReplayTables>()
    .selectFrom("replays")
    .select("id")
    .where("source_id", "=", idToBytes(sourceId))
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
};

/**
 * Removes bulk replays of a source: all of them, when it is gone, or those that are done with and ended before `endedBeforeMs`.
 * @returns how many went; fewer than `rowsMax` when none are left.
 */
export const removeReplays = (
  store: Pick<Store, "write">,
  sourceId: Id,
  endedBeforeMs: number | null,
): Promise<{ readonly removed: number; readonly more: boolean }> =>
  store.write(async (tx) => {
    const tables = tx.tables<ReplayTables>();
    let going = tables.selectFrom("replays").select("id").where("source_id", "=", idToBytes(sourceId)).limit(rowsMax);
    if (endedBeforeMs !== null) {
      going = going.where("succeeded", "is not", null).where("ended_at_ms", "<", endedBeforeMs);
    }
    const gone = await tables.deleteFrom("replays").where("id", "in", going).executeTakeFirst();
    const removed = Number(gone.numDeletedRows);
    return { removed, more: removed === rowsMax };
  });
