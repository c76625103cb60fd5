import { type Id, idToBytes } from "../lib/ids.ts";
import { ownedConnections } from "./_owned.ts";
import { fromConnectionRow } from "./_rows.ts";
import type { Connection } from "./connection.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";

/** Which connections a page has: `limit` of those that are older than `before`. */
export type ConnectionPage = {
  readonly limit: number;
  readonly before?: Id;
  readonly sourceId?: Id;
  readonly destinationId?: Id;
};

/** A page of the environment's connections, newest first. */
export const pageConnections = async (
  { store }: Pick<RoutingParts, "store">,
  scope: Scope,
  { limit, before, sourceId, destinationId }: ConnectionPage,
): Promise<readonly Connection[]> => {
  let query = ownedConnections(store.list(), scope).selectAll("connections");
  if (before !== undefined) query = query.where("connections.id", "<", idToBytes(before));
  if (sourceId !== undefined) query = query.where("connections.source_id", "=", idToBytes(sourceId));
  if (destinationId !== undefined) query = query.where("connections.destination_id", "=", idToBytes(destinationId));
  const rows = await query.orderBy("connections.id", "desc").limit(limit).execute();
  return rows.map(fromConnectionRow);
};

/** One connection; null when this team and environment own none of that id. */
export const findConnection = async (
  { store }: Pick<RoutingParts, "store">,
  scope: Scope,
  id: Id,
): Promise<Connection | null> => {
  const row = await ownedConnections(store.lookup(), scope)
    .selectAll("connections")
    .where("connections.id", "=", idToBytes(id))
    .executeTakeFirst();
  return row === undefined ? null : fromConnectionRow(row);
};
