import type { Event } from "../events/event.ts";
import type { Id } from "../lib/ids.ts";
import type { Route, RoutingTable } from "../routing/table.ts";

/** Whether all of these destinations are of this source, switched on or not. */
export const areOfSource = (
  table: Pick<RoutingTable, "connectionsOf">,
  sourceId: Id,
  destinationIds: readonly Id[],
): boolean => {
  const own = new Set([...table.connectionsOf(sourceId)].map(({ destinationId }) => destinationId));
  return destinationIds.every((id) => own.has(id));
};

/**
 * The ways that a replayed event takes now: to the destinations named, whatever their filter, or to those whose filter
 * lets it pass. Destinations that are off or gone are left out.
 */
export const routesOf = (
  table: Pick<RoutingTable, "connectionsOf" | "destination" | "match">,
  { sourceId, eventType }: Pick<Event, "sourceId" | "eventType">,
  destinationIds: readonly Id[] | undefined,
): readonly Route[] => {
  if (destinationIds === undefined) return table.match(sourceId, eventType);
  const wanted = new Set(destinationIds);
  return [...table.connectionsOf(sourceId)].flatMap((connection): Route[] => {
    const destination = table.destination(connection.destinationId)?.destination;
    return destination?.enabled === true && wanted.has(destination.id) ? [{ connection, destination }] : [];
  });
};
