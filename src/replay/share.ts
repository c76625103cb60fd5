import type { Id } from "../lib/ids.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { OpenReplay } from "./_rows.ts";

type Table = Pick<RoutingTable, "connectionsOf">;

/** Where a bulk replay may send, as of now. */
export const destinationsOf = (
  table: Table,
  { sourceId, road, filter }: Pick<OpenReplay, "sourceId" | "road" | "filter">,
): ReadonlySet<Id> =>
  road !== null
    ? new Set([road.destinationId])
    : new Set(filter.destinationIds ?? [...table.connectionsOf(sourceId)].map(({ destinationId }) => destinationId));

/** Whether pages of a bulk replay are still to come. */
export const hasPages = ({ status, cursor, upperId }: OpenReplay): boolean =>
  status === "running" && cursor !== upperId;

/** The other bulk replays that send to some of the same destinations: they share lanes with this one. */
export const neighboursOf = (table: Table, replay: OpenReplay, others: Iterable<OpenReplay>): readonly OpenReplay[] => {
  const own = destinationsOf(table, replay);
  const neighbours: OpenReplay[] = [];
  for (const other of others) {
    if (other.id !== replay.id && !own.isDisjointFrom(destinationsOf(table, other))) neighbours.push(other);
  }
  return neighbours;
};

/** An equal part of what may be outstanding for each that still makes pages, so that none keeps the others out. */
export const shareOf = (outstandingMax: number, neighbours: readonly OpenReplay[]): number =>
  Math.max(1, Math.floor(outstandingMax / (1 + neighbours.filter(hasPages).length)));

/** Whether nothing is left of what a bulk replay is about: what it leaves goes with that. */
export const isGone = (
  table: Pick<RoutingTable, "source" | "destination">,
  { sourceId, road }: Pick<OpenReplay, "sourceId" | "road">,
): boolean =>
  road === null ? table.source(sourceId) === undefined : table.destination(road.destinationId) === undefined;
