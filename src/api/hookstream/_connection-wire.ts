import { z } from "zod";

import { isoSeconds } from "../../lib/clock.ts";
import type { Connection } from "../../routing/connection.ts";
import { nameOf } from "../../routing/destination.ts";
import type { RoutingTable } from "../../routing/table.ts";
import { toWireFlag, toWireId, wireFlag, wireId, wireInstant } from "./_fields.ts";

/** A connection as answers show it. */
export type WireConnection = {
  id: string;
  org_id: string;
  env_id: string;
  source_id: string;
  destination_id: string;
  name: string;
  description: string | null;
  enabled: number;
  filter_rules: string | null;
  status: "active" | "disabled";
  created_at: string;
  updated_at: string;
  transform_enabled: number;
  transform_expression: string | null;
  source_name: string | null;
  destination_name: string | null;
  event_types: string | null;
};

export const wireConnection: z.ZodType<WireConnection> = z.object({
  id: wireId,
  org_id: wireId,
  env_id: wireId,
  source_id: wireId,
  destination_id: wireId,
  name: z.string(),
  description: z.string().nullable(),
  enabled: wireFlag,
  filter_rules: z.string().nullable().describe("JSON. Null: everything passes."),
  status: z.enum(["active", "disabled"]),
  created_at: wireInstant,
  updated_at: wireInstant,
  transform_enabled: wireFlag,
  transform_expression: z.string().nullable(),
  source_name: z.string().nullable(),
  destination_name: z.string().nullable(),
  event_types: z.string().nullable().describe("JSON. Null: all."),
});

const jsonOrNull = (value: object | null): string | null => (value === null ? null : JSON.stringify(value));

/** What people call a connection. One that came with its destination is called like that. */
export const connectionName = ({ name }: Pick<Connection, "name">, destinationName: string | null): string =>
  name ?? destinationName ?? "";

export const toWireConnection = (
  connection: Connection,
  table: Pick<RoutingTable, "source" | "destination">,
): WireConnection => {
  const source = table.source(connection.sourceId)?.source;
  const destination = table.destination(connection.destinationId)?.destination;
  const destinationName = destination === undefined ? null : nameOf(destination);
  return {
    id: toWireId(connection.id),
    org_id: toWireId(connection.teamId),
    env_id: toWireId(connection.envId),
    source_id: toWireId(connection.sourceId),
    destination_id: toWireId(connection.destinationId),
    name: connectionName(connection, destinationName),
    description: connection.description,
    enabled: toWireFlag(connection.enabled),
    filter_rules: jsonOrNull(connection.filterRules),
    status: connection.enabled ? "active" : "disabled",
    created_at: isoSeconds(connection.createdAtMs),
    updated_at: isoSeconds(connection.updatedAtMs),
    transform_enabled: toWireFlag(connection.transformEnabled),
    transform_expression: connection.transformExpression,
    source_name: source?.name ?? null,
    destination_name: destinationName,
    event_types: jsonOrNull(connection.eventFilter),
  };
};
