import type { Kysely } from "kysely";

import type { Store } from "../db/store.ts";
import { fromDestinationRow, sealedDestination } from "./_destination-row.ts";
import { fromConnectionRow, type RoutingTables } from "./_rows.ts";
import { fromSourceRow, sealedSource } from "./_source-row.ts";
import type { RoutingTable } from "./table.ts";

/** Rows that one read brings to memory. */
const pageRows = 1_000;

/** Before the first id. */
const start = Buffer.alloc(0);

/** Calls `take` with every row, in the order of ids. */
const eachRow = async <Row extends { id: Uint8Array }>(
  read: (after: Uint8Array) => Promise<Row[]>,
  take: (row: Row) => void,
): Promise<void> => {
  let after: Uint8Array = start;
  for (;;) {
    const rows = await read(after);
    for (const row of rows) take(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    after = last.id;
  }
};

const fill = async (tables: Kysely<RoutingTables>, table: RoutingTable): Promise<void> => {
  const sources = tables.selectFrom("sources").selectAll().where("deleted_at_ms", "is", null);
  const destinations = tables.selectFrom("destinations").selectAll().where("deleted_at_ms", "is", null);
  const connections = tables.selectFrom("connections").selectAll().where("deleted_at_ms", "is", null);
  await eachRow(
    (after) => sources.where("id", ">", after).orderBy("id").limit(pageRows).execute(),
    (row) => table.putSource(fromSourceRow(row), sealedSource(row)),
  );
  await eachRow(
    (after) => destinations.where("id", ">", after).orderBy("id").limit(pageRows).execute(),
    (row) => table.putDestination(fromDestinationRow(row), sealedDestination(row)),
  );
  await eachRow(
    (after) => connections.where("id", ">", after).orderBy("id").limit(pageRows).execute(),
    (row) => table.putConnection(fromConnectionRow(row)),
  );
};

/**
 * Fills the routing table with everything that is not deleted, and makes it what the store holds whenever the two may differ:
 * others changed it, or the answer to a change was lost. The writer is held, so no change and no batch comes between.
 */
export const keepRouting = (store: Pick<Store, "keep">, table: RoutingTable): Promise<void> =>
  store.keep("routing", async (tx) => {
    const fresh = table.empty();
    await fill(tx.tables<RoutingTables>(), fresh);
    tx.afterCommit(() => table.become(fresh));
  });
