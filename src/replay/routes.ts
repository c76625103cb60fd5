import type { Event } from "../events/event.ts";
import type { Id } from "../lib/ids.ts";
import type { EventFacts } from "../routing/event-facts.ts";
import type { Route, RoutingTable } from "../routing/table.ts";

/** An event to be sent again, and what filters ask of it. Null: its source had none when it was read. */
export type Replayable = {
  readonly event: Pick<Event, "sourceId" | "eventType">;
  readonly facts: EventFacts | null;
  /** Only along these connections. Null: along all that there are. */
  readonly confinedTo: ReadonlySet<Id> | null;
};

/**
 * Which ways replayed events take. Destinations that are off or gone are left out.
 *
 * - `filters`: wherever filters let them pass now.
 * - `destinations`, `connections`: to, or along, those that are named, whatever their filters.
 * - `road`: to one destination, along one connection or all, where filters let them pass.
 */
export type Along =
  | { readonly kind: "filters" }
  | { readonly kind: "destinations"; readonly ids: readonly Id[] }
  | { readonly kind: "connections"; readonly ids: readonly Id[] }
  | { readonly kind: "road"; readonly destinationId: Id; readonly connectionId: Id | null };

type Table = Pick<RoutingTable, "connectionsOf" | "destination" | "match">;

/** Whether all of these destinations are of this source, switched on or not. */
export const areOfSource = (
  table: Pick<RoutingTable, "connectionsOf">,
  sourceId: Id,
  destinationIds: readonly Id[],
): boolean => {
  const own = new Set([...table.connectionsOf(sourceId)].map(({ destinationId }) => destinationId));
  return destinationIds.every((id) => own.has(id));
};

/** Whether what is named is of this source. */
export const isOfSource = (table: Pick<RoutingTable, "connectionsOf">, sourceId: Id, along: Along): boolean => {
  switch (along.kind) {
    case "filters":
    case "road":
      return true;
    case "destinations":
      return areOfSource(table, sourceId, along.ids);
    case "connections": {
      const own = new Set([...table.connectionsOf(sourceId)].map(({ id }) => id));
      return along.ids.every((id) => own.has(id));
    }
  }
};

/** Whether filters have a say. */
export const asksFilters = ({ kind }: Along): boolean => kind === "filters" || kind === "road";

const unread = (): never => {
  throw new Error("a filter asks for an event that was not read; ask `table.hasFilters` first");
};

const named = (table: Table, sourceId: Id, isWanted: (route: Route) => boolean): readonly Route[] =>
  [...table.connectionsOf(sourceId)].flatMap((connection): Route[] => {
    const destination = table.destination(connection.destinationId)?.destination;
    return destination?.enabled === true && isWanted({ connection, destination }) ? [{ connection, destination }] : [];
  });

const routesAlong = (
  table: Table,
  { event: { sourceId, eventType }, facts }: Pick<Replayable, "event" | "facts">,
  along: Along,
): readonly Route[] => {
  switch (along.kind) {
    case "filters":
      return table.match(sourceId, eventType, () => facts ?? unread());
    case "road": {
      const { destinationId, connectionId } = along;
      return table
        .match(sourceId, eventType, () => facts ?? unread())
        .filter(
          ({ connection, destination }) =>
            destination.id === destinationId && (connectionId === null || connection.id === connectionId),
        );
    }
    case "destinations": {
      const wanted = new Set(along.ids);
      return named(table, sourceId, ({ destination }) => wanted.has(destination.id));
    }
    case "connections": {
      const wanted = new Set(along.ids);
      return named(table, sourceId, ({ connection }) => wanted.has(connection.id));
    }
  }
};

/** The ways that a replayed event takes now. */
export const routesOf = (table: Table, { confinedTo, ...replayable }: Replayable, along: Along): readonly Route[] => {
  const routes = routesAlong(table, replayable, along);
  return confinedTo === null ? routes : routes.filter(({ connection }) => confinedTo.has(connection.id));
};
