import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import { fromDestinationRow, noSecrets } from "./_destination-row.ts";
import { ownedDestinations } from "./_owned.ts";
import type { RoutingTables } from "./_rows.ts";
import type { Destination } from "./destination.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";

/**
 * Takes a destination and all connections to it out of routing at once; null when this team and environment own none of
 * that id. Its rows go later, in batches; its secrets go now. The caller has its pending deliveries cancelled before it
 * answers.
 */
export const dropDestination = (
  { store, table, clock }: Pick<RoutingParts, "store" | "table" | "clock">,
  scope: Scope,
  id: Id,
): Promise<Destination | null> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const row = await ownedDestinations(tables, scope)
      .selectAll("destinations")
      .where("destinations.id", "=", idToBytes(id))
      .executeTakeFirst();
    if (row === undefined) return null;
    const deleted_at_ms = clock.nowMs();
    const connections = await tables
      .updateTable("connections")
      .set({ deleted_at_ms })
      .where("destination_id", "=", row.id)
      .where("deleted_at_ms", "is", null)
      .returning(["id", "source_id"])
      .execute();
    await tables
      .updateTable("destinations")
      .set({ deleted_at_ms, ...noSecrets })
      .where("id", "=", row.id)
      .execute();
    tx.afterCommit(() => {
      for (const connection of connections) {
        table.removeConnection(idFromBytes(connection.source_id), idFromBytes(connection.id));
      }
      table.removeDestination(id);
    });
    return fromDestinationRow(row);
  }, "routing");
