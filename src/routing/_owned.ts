import type { Kysely, SelectQueryBuilder } from "kysely";

import { idToBytes } from "../lib/ids.ts";
import type { RoutingTables } from "./_rows.ts";
import type { Scope } from "./scope.ts";

/** The destinations that this team and environment own and that people made. */
export const ownedDestinations = (
  tables: Kysely<RoutingTables>,
  scope: Scope,
): SelectQueryBuilder<RoutingTables, "destinations", object> =>
  tables
    .selectFrom("destinations")
    .where("destinations.team_id", "=", idToBytes(scope.teamId))
    .where("destinations.env_id", "=", idToBytes(scope.envId))
    .where("destinations.kind", "=", "webhook")
    .where("destinations.deleted_at_ms", "is", null);

/** The connections that this team and environment own, between what people made. */
export const ownedConnections = (
  tables: Kysely<RoutingTables>,
  scope: Scope,
): SelectQueryBuilder<RoutingTables, "connections" | "destinations", object> =>
  tables
    .selectFrom("connections")
    .innerJoin("destinations", "destinations.id", "connections.destination_id")
    .where("connections.team_id", "=", idToBytes(scope.teamId))
    .where("connections.env_id", "=", idToBytes(scope.envId))
    .where("connections.deleted_at_ms", "is", null)
    .where("destinations.kind", "=", "webhook");
