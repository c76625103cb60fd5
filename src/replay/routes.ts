import type { Event } from "../events/event.ts";
import type { Id } from "../lib/ids.ts";
import type { EventFacts } from "../routing/event-facts.ts";
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

/** An event to be sent again, and what filters ask of it. Null: its source had none when it was read. */
export type Replayable = {
  readonly event: Pick<Event, "sourceId" | "eventType">;
  readonly facts: EventFacts | null;
};

const unread = (): never => {
  throw new Error("a filter asks for an event that was not read; ask `table.hasFilters` first");
};

/**
 * The ways that a replayed event takes now: to the destinations named, whatever their filter, or to those whose filter
 * lets it pass. Destinations that are off or gone are left out.
 */
export const routesOf = (
  table: Pick<RoutingTable, "connectionsOf" | "destination" | "match">,
  { event: { sourceId, eventType }, facts }: Replayable,
  destinationIds: readonly Id[] | undefined,
): readonly Route[] => {
  if (destinationIds === undefined) return table.match(sourceId, eventType, () => facts ?? unread());
  const wanted = new Set(destinationIds);
  return [...table.connectionsOf(sourceId)].flatMap((connection): Route[] => {
    const destination = table.destination(connection.destinationId)?.destination;
    return destination?.enabled === true && wanted.has(destination.id) ? [{ connection, destination }] : [];
  });
};
