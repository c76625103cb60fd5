import { idFromBytes, idToBytes } from "../lib/ids.ts";
import { noSecrets } from "./_destination-row.ts";
import { fromLinkedRow, linkedDestinations } from "./_destinations.ts";
import type { RoutingTables } from "./_rows.ts";
import type { LinkedDestination } from "./linked-destination.ts";
import type { RoutingParts } from "./parts.ts";
import type { DestinationKey } from "./read-destinations.ts";
import type { Scope } from "./scope.ts";

/**
 * What was deleted: the destination with all of its connections, or, of one that other sources may use as well, only
 * the connections from this source.
 */
export type DeletedDestination = LinkedDestination & { readonly gone: "destination" | "connection" };

/**
 * Takes a destination out of routing at once; null when this team and environment own none of that id there. Its rows
 * go later, in batches; its secrets go now. The caller has its pending deliveries cancelled before it answers.
 */
export const deleteDestination = (
  { store, table, clock }: Pick<RoutingParts, "store" | "table" | "clock">,
  scope: Scope,
  { sourceId, destinationId }: DestinationKey,
): Promise<DeletedDestination | null> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const row = await linkedDestinations(tables, scope, sourceId)
      .where("destinations.id", "=", idToBytes(destinationId))
      .orderBy("connections.id")
      .limit(1)
      .executeTakeFirst();
    if (row === undefined) return null;
    const linked = fromLinkedRow(row, sourceId);
    const gone = linked.destination.ownerSourceId === sourceId ? "destination" : "connection";
    const deleted_at_ms = clock.nowMs();
    const going = tables.updateTable("connections").set({ deleted_at_ms }).where("deleted_at_ms", "is", null);
    const connections = await (
      gone === "destination"
        ? going.where("destination_id", "=", row.id)
        : going.where("destination_id", "=", row.id).where("source_id", "=", idToBytes(sourceId))
    )
      .returning(["id", "source_id"])
      .execute();
    if (gone === "destination") {
      await tables
        .updateTable("destinations")
        .set({ deleted_at_ms, ...noSecrets })
        .where("id", "=", row.id)
        .execute();
    }
    tx.afterCommit(() => {
      for (const { id, source_id } of connections) table.removeConnection(idFromBytes(source_id), idFromBytes(id));
      if (gone === "destination") table.removeDestination(destinationId);
    });
    return { ...linked, gone };
  }, "routing");
