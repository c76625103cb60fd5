import type { Kysely, SelectQueryBuilder } from "kysely";

import { type Id, idToBytes } from "../lib/ids.ts";
import { type DestinationRow, fromDestinationRow } from "./_destination-row.ts";
import { type ConnectionRow, fromConnectionRow, type RoutingTables } from "./_rows.ts";
import type { LinkedDestination } from "./linked-destination.ts";
import type { Scope } from "./scope.ts";

/** A destination's row with what differs of its connection's. */
export type LinkedRow = DestinationRow &
  Pick<
    ConnectionRow,
    "event_filter" | "description" | "filter_rules" | "transform_enabled" | "transform_expression"
  > & {
    connection_id: Uint8Array;
    connection_name: string | null;
    connection_enabled: number;
    connection_created_at_ms: number;
    connection_updated_at_ms: number;
  };

export const fromLinkedRow = (row: LinkedRow, sourceId: Id): LinkedDestination => ({
  destination: fromDestinationRow(row),
  connection: fromConnectionRow({
    ...row,
    id: row.connection_id,
    source_id: idToBytes(sourceId),
    destination_id: row.id,
    name: row.connection_name,
    enabled: row.connection_enabled,
    created_at_ms: row.connection_created_at_ms,
    updated_at_ms: row.connection_updated_at_ms,
  }),
});

/** The destination's own part of it. */
export const destinationRowOf = ({
  connection_id: _id,
  connection_name: _name,
  connection_enabled: _enabled,
  connection_created_at_ms: _created,
  connection_updated_at_ms: _updated,
  event_filter: _filter,
  description: _description,
  filter_rules: _rules,
  transform_enabled: _transforms,
  transform_expression: _expression,
  ...row
}: LinkedRow): DestinationRow => row;

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
    .select([
      "connections.id as connection_id",
      "connections.name as connection_name",
      "connections.enabled as connection_enabled",
      "connections.created_at_ms as connection_created_at_ms",
      "connections.updated_at_ms as connection_updated_at_ms",
      "connections.event_filter",
      "connections.description",
      "connections.filter_rules",
      "connections.transform_enabled",
      "connections.transform_expression",
    ])
    .where("connections.source_id", "=", idToBytes(sourceId))
    .where("connections.deleted_at_ms", "is", null)
    .where("destinations.team_id", "=", idToBytes(scope.teamId))
    .where("destinations.env_id", "=", idToBytes(scope.envId))
    .where("destinations.kind", "=", "webhook")
    .where("destinations.deleted_at_ms", "is", null);
