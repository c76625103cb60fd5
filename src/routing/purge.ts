import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { RoutingTables } from "./_rows.ts";
import type { RoutingParts } from "./parts.ts";

/** Deleted objects that one pass looks at. */
const rowsMax = 500;

/** Whether other rooms still hold rows of a deleted object: events of a source, deliveries of a destination. */
export type Leftovers = {
  ofSource(id: Id): Promise<boolean>;
  ofDestination(id: Id): Promise<boolean>;
};

/** Rows that went for good. */
export type Purged = { readonly sources: number; readonly destinations: number; readonly connections: number };

const idsOf = (rows: readonly { id: Uint8Array }[]): Id[] => rows.map(({ id }) => idFromBytes(id));

const withoutLeftovers = async (ids: readonly Id[], hasLeftovers: (id: Id) => Promise<boolean>): Promise<Buffer[]> => {
  const empty: Buffer[] = [];
  for (const id of ids) if (!(await hasLeftovers(id))) empty.push(idToBytes(id));
  return empty;
};

const remove = (
  store: RoutingParts["store"],
  table: keyof RoutingTables,
  ids: readonly Uint8Array[],
): Promise<number> => {
  if (ids.length === 0) return Promise.resolve(0);
  return store.write(async (tx) => {
    const removed = await tx.tables<RoutingTables>().deleteFrom(table).where("id", "in", ids).execute();
    return removed.reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), 0);
  });
};

/**
 * Removes the rows of deleted objects, once nothing is left of them elsewhere. One pass, in three short transactions;
 * what it does not reach is for the next one.
 */
export const purge = async ({ store }: Pick<RoutingParts, "store">, leftovers: Leftovers): Promise<Purged> => {
  const deleted = (table: keyof RoutingTables) =>
    store
      .list<RoutingTables>()
      .selectFrom(table)
      .select("id")
      .where("deleted_at_ms", "is not", null)
      .orderBy("deleted_at_ms")
      .limit(rowsMax)
      .execute();
  const connections = await deleted("connections");
  const destinations = await withoutLeftovers(idsOf(await deleted("destinations")), leftovers.ofDestination);
  const sources = await withoutLeftovers(idsOf(await deleted("sources")), leftovers.ofSource);
  return {
    connections: await remove(
      store,
      "connections",
      connections.map(({ id }) => id),
    ),
    destinations: await remove(store, "destinations", destinations),
    sources: await remove(store, "sources", sources),
  };
};
