import { idToBytes } from "../lib/ids.ts";
import { changedColumns } from "./_changed-columns.ts";
import { toDestinationRow } from "./_destination-row.ts";
import { destinationRowOf, fromLinkedRow, linkedDestinations } from "./_destinations.ts";
import { changedDestination } from "./_new-destination.ts";
import { filterColumn, type RoutingTables } from "./_rows.ts";
import type { Change } from "./change.ts";
import type { DestinationChanges } from "./decide-destination.ts";
import type { LinkedDestination } from "./linked-destination.ts";
import type { RoutingParts } from "./parts.ts";
import type { DestinationKey } from "./read-destinations.ts";
import type { Scope } from "./scope.ts";

/**
 * Changes a destination and the filter that leads to it; null when this team and environment own none of that id
 * there. When it was switched off, the caller has its pending deliveries cancelled before it answers.
 */
export const updateDestination = (
  { store, table, keyring, clock }: Pick<RoutingParts, "store" | "table" | "keyring" | "clock">,
  scope: Scope,
  { sourceId, destinationId }: DestinationKey,
  changes: DestinationChanges,
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
    const { connection_id, event_filter } = found;
    const row = destinationRowOf(found);
    const nowMs = clock.nowMs();

    const { destination: changed, sealed } = changedDestination(row, changes, { keyring, nowMs });
    const columns = changedColumns({ ...row, slug: changed.slug }, toDestinationRow(changed, sealed));
    const { eventFilter = before.connection.eventFilter } = changes;
    const filterChanged = filterColumn(eventFilter) !== event_filter;
    if (Object.keys(columns).length === 0 && !filterChanged) return { before, after: before };

    const destination = { ...changed, updatedAtMs: nowMs };
    const connection = filterChanged ? { ...before.connection, eventFilter, updatedAtMs: nowMs } : before.connection;
    await tables
      .updateTable("destinations")
      .set({ ...columns, updated_at_ms: nowMs })
      .where("id", "=", row.id)
      .execute();
    if (filterChanged) {
      await tables
        .updateTable("connections")
        .set({ event_filter: filterColumn(eventFilter), updated_at_ms: nowMs })
        .where("id", "=", connection_id)
        .execute();
    }
    tx.afterCommit(() => {
      table.putDestination(destination, sealed);
      table.putConnection(connection);
    });
    return { before, after: { destination, connection } };
  }, "routing");
