import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import { fromDestinationRow } from "./_destination-row.ts";
import type { RoutingTables } from "./_rows.ts";
import { fromSourceRow } from "./_source-row.ts";
import { ownedSources } from "./_sources.ts";
import type { Destination } from "./destination.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import type { Source } from "./source.ts";

/** A source that is gone, and the destinations that went with it. */
export type DeletedSource = { readonly source: Source; readonly destinations: readonly Destination[] };

/**
 * Takes a source, its connections and the destinations that it owns out of routing at once; null when this team and
 * environment own no source of that id. Their rows go later, in batches; their secrets go now.
 */
export const deleteSource = (
  { store, table, clock }: Pick<RoutingParts, "store" | "table" | "clock">,
  scope: Scope,
  id: Id,
): Promise<DeletedSource | null> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const row = await ownedSources(tables, scope).selectAll().where("id", "=", idToBytes(id)).executeTakeFirst();
    if (row === undefined) return null;
    const gone = { deleted_at_ms: clock.nowMs(), previous_secret: null, previous_secret_until_ms: null };
    const destinations = await tables
      .updateTable("destinations")
      .set({ ...gone, secret: null, outgoing: null })
      .where("owner_source_id", "=", row.id)
      .where("deleted_at_ms", "is", null)
      .returningAll()
      .execute();
    const connections = await tables
      .updateTable("connections")
      .set({ deleted_at_ms: gone.deleted_at_ms })
      .where("deleted_at_ms", "is", null)
      .where(({ or, eb, selectFrom }) =>
        or([
          eb("source_id", "=", row.id),
          eb("destination_id", "in", selectFrom("destinations").select("id").where("owner_source_id", "=", row.id)),
        ]),
      )
      .returning(["id", "source_id"])
      .execute();
    // Another source of the environment may be named like this one at once.
    await tables
      .updateTable("sources")
      .set({ ...gone, signing_secret: null, source_config: null, slug: `deleted-${id}` })
      .where("id", "=", row.id)
      .execute();
    tx.afterCommit(() => {
      table.removeSource(id);
      for (const connection of connections) {
        table.removeConnection(idFromBytes(connection.source_id), idFromBytes(connection.id));
      }
      for (const destination of destinations) table.removeDestination(idFromBytes(destination.id));
    });
    return { source: fromSourceRow(row), destinations: destinations.map(fromDestinationRow) };
  }, "routing");
