import { type Id, idToBytes } from "../lib/ids.ts";
import { fromLinkedRow, linkedDestinations } from "./_destinations.ts";
import { destinationsMax } from "./limits.ts";
import type { LinkedDestination } from "./linked-destination.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";

/** Which destination of which source. */
export type DestinationKey = { readonly sourceId: Id; readonly destinationId: Id };

/** The destinations of a source, newest first. Whoever asks has found the source through its owner. */
export const listDestinations = async (
  { store }: Pick<RoutingParts, "store">,
  scope: Scope,
  sourceId: Id,
): Promise<readonly LinkedDestination[]> => {
  const rows = await linkedDestinations(store.list(), scope, sourceId)
    .orderBy("destinations.id", "desc")
    .orderBy("connections.id")
    .limit(destinationsMax)
    .execute();
  // The other API may connect them more than once; the first connection is the one that this view is about.
  const linked = new Map<Id, LinkedDestination>();
  for (const each of rows.map((row) => fromLinkedRow(row, sourceId))) {
    if (!linked.has(each.destination.id)) linked.set(each.destination.id, each);
  }
  return [...linked.values()];
};

/** One destination of a source; null when this team and environment own none of that id there. */
export const getDestination = async (
  { store }: Pick<RoutingParts, "store">,
  scope: Scope,
  { sourceId, destinationId }: DestinationKey,
): Promise<LinkedDestination | null> => {
  const row = await linkedDestinations(store.lookup(), scope, sourceId)
    .where("destinations.id", "=", idToBytes(destinationId))
    .orderBy("connections.id")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : fromLinkedRow(row, sourceId);
};
