import type { Store } from "../db/store.ts";
import { type Id, idFromBytes } from "../lib/ids.ts";
import type { RoutingTables } from "./_rows.ts";

/** Deleted objects that one read brings back; the others' turn comes when these are gone. */
const deletedMax = 500;

/** Objects that are out of routing and whose rows are not gone yet, in the order in which they were deleted. */
export const readDeleted = async (
  store: Pick<Store, "list">,
  table: "sources" | "destinations",
): Promise<readonly Id[]> => {
  const rows = await store
    .list<RoutingTables>()
    .selectFrom(table)
    .select("id")
    .where("deleted_at_ms", "is not", null)
    .orderBy("deleted_at_ms")
    .orderBy("id")
    .limit(deletedMax)
    .execute();
  return rows.map(({ id }) => idFromBytes(id));
};
