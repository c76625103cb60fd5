import { z } from "zod";

import { idFromBytes, idToBytes } from "../lib/ids.ts";
import type { DestinationRow } from "./_destination-row.ts";
import type { SourceRow } from "./_source-row.ts";
import type { Connection } from "./connection.ts";
import { filterRules } from "./filter-rule.ts";

export type ConnectionRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  source_id: Uint8Array;
  destination_id: Uint8Array;
  event_filter: string | null;
  name: string | null;
  description: string | null;
  enabled: number;
  filter_rules: string | null;
  transform_enabled: number;
  transform_expression: string | null;
  created_at_ms: number;
  updated_at_ms: number;
  deleted_at_ms: number | null;
};

/** The tables of this room. */
export type RoutingTables = { sources: SourceRow; destinations: DestinationRow; connections: ConnectionRow };

const texts = z.array(z.string());

const flag = (value: boolean): number => (value ? 1 : 0);

export const fromConnectionRow = (row: Omit<ConnectionRow, "deleted_at_ms">): Connection => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  sourceId: idFromBytes(row.source_id),
  destinationId: idFromBytes(row.destination_id),
  eventFilter: row.event_filter === null ? null : texts.parse(JSON.parse(row.event_filter)),
  name: row.name,
  description: row.description,
  enabled: row.enabled === 1,
  filterRules: row.filter_rules === null ? null : filterRules.parse(JSON.parse(row.filter_rules)),
  transformEnabled: row.transform_enabled === 1,
  transformExpression: row.transform_expression,
  createdAtMs: row.created_at_ms,
  updatedAtMs: row.updated_at_ms,
});

/** The text of a filter in its column. */
export const filterColumn = (filter: readonly unknown[] | null): string | null =>
  filter === null ? null : JSON.stringify(filter);

export const toConnectionRow = (connection: Connection): ConnectionRow => ({
  id: idToBytes(connection.id),
  team_id: idToBytes(connection.teamId),
  env_id: idToBytes(connection.envId),
  source_id: idToBytes(connection.sourceId),
  destination_id: idToBytes(connection.destinationId),
  event_filter: filterColumn(connection.eventFilter),
  name: connection.name,
  description: connection.description,
  enabled: flag(connection.enabled),
  filter_rules: filterColumn(connection.filterRules),
  transform_enabled: flag(connection.transformEnabled),
  transform_expression: connection.transformExpression,
  created_at_ms: connection.createdAtMs,
  updated_at_ms: connection.updatedAtMs,
  deleted_at_ms: null,
});
