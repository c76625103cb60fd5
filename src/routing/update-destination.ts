import { idToBytes } from "../lib/ids.ts";
import { changedColumns } from "./_changed-columns.ts";
import { toDestinationRow } from "./_destination-row.ts";
import { destinationRowOf, fromLinkedRow, linkedDestinations } from "./_destinations.ts";
import { changedDestination } from "./_new-destination.ts";
import { type RoutingTables, toConnectionRow } from "./_rows.ts";
import type { Change } from "./change.ts";
import type { Connection } from "./connection.ts";
import type { DestinationChanges, LinkedChanges } from "./decide-destination.ts";
import type { LinkedDestination } from "./linked-destination.ts";
import type { RoutingParts } from "./parts.ts";
import type { DestinationKey } from "./read-destinations.ts";
import type { Scope } from "./scope.ts";

/** Tells what is to change of the connection from what is to change of the destination. */
const split = (
  connection: Connection,
  {
    eventFilter = connection.eventFilter,
    filterRules = connection.filterRules,
    transformEnabled = connection.transformEnabled,
    transformExpression = connection.transformExpression,
    ...changes
  }: LinkedChanges,
): { readonly link: Connection; readonly changes: DestinationChanges } => ({
  link: { ...connection, eventFilter, filterRules, transformEnabled, transformExpression },
  changes,
});

/**
 * Changes a destination and the connection that leads to it, the oldest where there are several; null when this team and
 * environment own none of that id there. When it was switched off, the caller has its pending deliveries cancelled before
 * it answers.
 */
export const updateDestination = (
  { store, table, keyring, clock }: Pick<RoutingParts, "store" | "table" | "keyring" | "clock">,
  scope: Scope,
  { sourceId, destinationId }: DestinationKey,
  wish: LinkedChanges,
): Promise<Change<LinkedDestination> | null> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const found = await linkedDestinations(tables, scope, sourceId)
      .where("destinations.id", "=", idToBytes(destinationId))
      .orderBy("connections.id")
      .limit(1)
      .executeTakeFirst();
    if (found === undefined) return null;
    const before = fromLinkedRow(found, sourceId);
    const { link, changes } = split(before.connection, wish);
    const row = destinationRowOf(found);
    const nowMs = clock.nowMs();

    const { destination: changed, sealed } = changedDestination(row, changes, { keyring, nowMs });
    const columns = changedColumns({ ...row, slug: changed.slug }, toDestinationRow(changed, sealed));
    const linkColumns = changedColumns(toConnectionRow(before.connection), toConnectionRow(link));
    const isLinkChanged = Object.keys(linkColumns).length > 0;
    if (Object.keys(columns).length === 0 && !isLinkChanged) return { before, after: before };

    const destination = { ...changed, updatedAtMs: nowMs };
    const connection = isLinkChanged ? { ...link, updatedAtMs: nowMs } : before.connection;
    await tables
      .updateTable("destinations")
      .set({ ...columns, updated_at_ms: nowMs })
      .where("id", "=", row.id)
      .execute();
    if (isLinkChanged) {
      await tables
        .updateTable("connections")
        .set({ ...linkColumns, updated_at_ms: nowMs })
        .where("id", "=", found.connection_id)
        .execute();
    }
    tx.afterCommit(() => {
      table.putDestination(destination, sealed);
      table.putConnection(connection);
    });
    return { before, after: { destination, connection } };
  }, "routing");
