import type { Kysely, SelectQueryBuilder } from "kysely";

import { type Id, idToBytes } from "../lib/ids.ts";
import { type DestinationRow, fromConnectionRow, fromDestinationRow, type RoutingTables } from "./_rows.ts";
import type { LinkedDestination } from "./linked-destination.ts";
import type { Scope } from "./scope.ts";

/** A destination's row with what differs of its connection's. */
export type LinkedRow = DestinationRow & { connection_id: Uint8Array; event_filter: string | null };

export const fromLinkedRow = (row: LinkedRow, sourceId: Id): LinkedDestination => ({
  destination: fromDestinationRow(row),
  connection: fromConnectionRow({
    id: row.connection_id,
    team_id: row.team_id,
    env_id: row.env_id,
    source_id: idToBytes(sourceId),
    destination_id: row.id,
    event_filter: row.event_filter,
  }),
});

/** The destinations of a source that this team and environment own and that people made. */
export const linkedDestinations = (
  tables: Kysely<RoutingTables>,
  scope: Scope,
  sourceId: Id,
): SelectQueryBuilder<RoutingTables, "connections" | "destinations", LinkedRow> =>
  tables
    .selectFrom("connections")
    .innerJoin("destinations", "destinations.id", "connections.destination_id")
    .selectAll("destinations")
    .select(["connections.id as connection_id", "connections.event_filter"])
    .where("connections.source_id", "=", idToBytes(sourceId))
    .where("connections.deleted_at_ms", "is", null)
    .where("destinations.team_id", "=", idToBytes(scope.teamId))
    .where("destinations.env_id", "=", idToBytes(scope.envId))
    .where("destinations.kind", "=", "webhook")
    .where("destinations.deleted_at_ms", "is", null);
