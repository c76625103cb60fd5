import { type Id, idToBytes } from "../lib/ids.ts";
import { toDestinationRow } from "./_destination-row.ts";
import { destinationsFull } from "./_destinations-full.ts";
import { newDestination } from "./_new-destination.ts";
import { type RoutingTables, toConnectionRow } from "./_rows.ts";
import { isSourceFull, ownedSources } from "./_sources.ts";
import { plainConnection } from "./connection.ts";
import type { DestinationDraft } from "./decide-destination.ts";
import type { DestinationLimits } from "./limits.ts";
import type { LinkedDestination } from "./linked-destination.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";

/** A destination that was made, or why none was. */
export type CreatedDestination =
  | ({ readonly kind: "created" } & LinkedDestination)
  | { readonly kind: "source_gone" }
  /** The source has `destinationsMax`, the environment `environmentDestinationsMax`, or the team as many as it may have. */
  | { readonly kind: "limit_reached"; readonly of: "source" | "environment" | "team" };

type Parts = Pick<RoutingParts, "store" | "table" | "keyring" | "clock" | "ids">;

/** Makes a destination that the source owns, and the connection that leads to it. */
export const createDestination = async (
  parts: Parts,
  scope: Scope,
  { sourceId, teamDestinationsMax = null }: { readonly sourceId: Id } & Partial<DestinationLimits>,
  {
    eventFilter,
    filterRules = plainConnection.filterRules,
    transformEnabled = plainConnection.transformEnabled,
    transformExpression = plainConnection.transformExpression,
    ...draft
  }: DestinationDraft,
): Promise<CreatedDestination> => {
  const { store, table, ids } = parts;
  const { teamId, envId } = scope;
  const { destination, sealed } = newDestination(parts, scope, { ...draft, ownerSourceId: sourceId });
  const { createdAtMs, updatedAtMs } = destination;
  const connection = {
    ...plainConnection,
    id: ids.next(),
    teamId,
    envId,
    sourceId,
    destinationId: destination.id,
    eventFilter,
    filterRules,
    transformEnabled,
    transformExpression,
    createdAtMs,
    updatedAtMs,
  };
  return store.write(async (tx) => {
    const tables = tx.tables<RoutingTables>();
    const source = await ownedSources(tables, { teamId, envId })
      .select("id")
      .where("id", "=", idToBytes(sourceId))
      .executeTakeFirst();
    if (source === undefined) return { kind: "source_gone" };
    if (await isSourceFull(tables, source.id)) return { kind: "limit_reached", of: "source" };
    const of = await destinationsFull(tables, scope, { teamDestinationsMax });
    if (of !== null) return { kind: "limit_reached", of };
    await tables.insertInto("destinations").values(toDestinationRow(destination, sealed)).execute();
    await tables.insertInto("connections").values(toConnectionRow(connection)).execute();
    tx.afterCommit(() => {
      table.putDestination(destination, sealed);
      table.putConnection(connection);
    });
    return { kind: "created", destination, connection };
  }, "routing");
};
