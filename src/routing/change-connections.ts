import { type Id, idToBytes } from "../lib/ids.ts";
import { changedColumns } from "./_changed-columns.ts";
import { ownedConnections, ownedDestinations } from "./_owned.ts";
import { fromConnectionRow, type RoutingTables, toConnectionRow } from "./_rows.ts";
import { isSourceFull, ownedSources } from "./_sources.ts";
import type { Change } from "./change.ts";
import { type Connection, plainConnection } from "./connection.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";

/** What people set of a connection. */
export type ConnectionSettings = Pick<
  Connection,
  "name" | "description" | "enabled" | "eventFilter" | "filterRules" | "transformEnabled" | "transformExpression"
>;

/** A connection to be made. What is absent is as `plainConnection` has it. */
export type ConnectionDraft = Partial<ConnectionSettings> & Pick<Connection, "sourceId" | "destinationId">;

/** A connection that was made, or why none was: one of its ends is not theirs, or its source has `destinationsMax` already. */
export type MadeConnection =
  | { readonly kind: "created"; readonly connection: Connection }
  | { readonly kind: "source_not_found" }
  | { readonly kind: "destination_not_found" }
  | { readonly kind: "limit_reached" };

type Parts = Pick<RoutingParts, "store" | "table" | "clock" | "ids">;

/** Connects a source to a destination. Two may be connected more than once: each connection delivers. */
export const makeConnection = (
  { store, table, clock, ids }: Parts,
  scope: Scope,
  draft: ConnectionDraft,
): Promise<MadeConnection> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const source = await ownedSources(tables, scope)
      .select("sources.id")
      .where("sources.id", "=", idToBytes(draft.sourceId))
      .executeTakeFirst();
    if (source === undefined) return { kind: "source_not_found" };
    const destination = await ownedDestinations(tables, scope)
      .select("destinations.id")
      .where("destinations.id", "=", idToBytes(draft.destinationId))
      .executeTakeFirst();
    if (destination === undefined) return { kind: "destination_not_found" };
    if (await isSourceFull(tables, source.id)) return { kind: "limit_reached" };
    const nowMs = clock.nowMs();
    const { teamId, envId } = scope;
    const connection = {
      eventFilter: null,
      ...plainConnection,
      ...draft,
      id: ids.next(),
      teamId,
      envId,
      createdAtMs: nowMs,
      updatedAtMs: nowMs,
    };
    await tables.insertInto("connections").values(toConnectionRow(connection)).execute();
    tx.afterCommit(() => table.putConnection(connection));
    return { kind: "created", connection };
  }, "routing");

/** Changes a connection; null when this team and environment own none of that id. What is under way goes on. */
export const editConnection = (
  { store, table, clock }: Omit<Parts, "ids">,
  scope: Scope,
  id: Id,
  changes: Partial<ConnectionSettings>,
): Promise<Change<Connection> | null> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const row = await ownedConnections(tables, scope)
      .selectAll("connections")
      .where("connections.id", "=", idToBytes(id))
      .executeTakeFirst();
    if (row === undefined) return null;
    const before = fromConnectionRow(row);
    const changed = { ...before, ...changes };
    const columns = changedColumns(row, toConnectionRow(changed));
    if (Object.keys(columns).length === 0) return { before, after: before };
    const after = { ...changed, updatedAtMs: clock.nowMs() };
    await tables
      .updateTable("connections")
      .set({ ...columns, updated_at_ms: after.updatedAtMs })
      .where("id", "=", row.id)
      .execute();
    tx.afterCommit(() => table.putConnection(after));
    return { before, after };
  }, "routing");

/**
 * Takes a connection out of routing at once; null when this team and environment own none of that id. What waits for its turn
 * along it is cancelled when that comes; the caller wakes the lane of its destination.
 */
export const dropConnection = (
  { store, table, clock }: Omit<Parts, "ids">,
  scope: Scope,
  id: Id,
): Promise<Connection | null> =>
  store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const row = await ownedConnections(tables, scope)
      .selectAll("connections")
      .where("connections.id", "=", idToBytes(id))
      .executeTakeFirst();
    if (row === undefined) return null;
    const connection = fromConnectionRow(row);
    await tables.updateTable("connections").set({ deleted_at_ms: clock.nowMs() }).where("id", "=", row.id).execute();
    tx.afterCommit(() => table.removeConnection(connection.sourceId, id));
    return connection;
  }, "routing");
