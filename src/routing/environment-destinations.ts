import { type Id, idToBytes } from "../lib/ids.ts";
import { ownedDestinations } from "./_owned.ts";
import { type DestinationView, viewOf } from "./destination-view.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";

type Parts = Pick<RoutingParts, "store" | "keyring">;

/** Which of them a page has: `limit` of those that are older than `before`. */
export type DestinationPage = { readonly limit: number; readonly before?: Id };

/** A page of the environment's destinations, newest first, whatever leads to them and whichever API made them. */
export const pageDestinations = async (
  { store, keyring }: Parts,
  scope: Scope,
  { limit, before }: DestinationPage,
): Promise<readonly DestinationView[]> => {
  let query = ownedDestinations(store.list(), scope).selectAll("destinations");
  if (before !== undefined) query = query.where("destinations.id", "<", idToBytes(before));
  const rows = await query.orderBy("destinations.id", "desc").limit(limit).execute();
  return rows.map((row) => viewOf(keyring, row));
};

/** One destination; null when this team and environment own none of that id. */
export const findDestination = async (
  { store, keyring }: Parts,
  scope: Scope,
  id: Id,
): Promise<DestinationView | null> => {
  const row = await ownedDestinations(store.lookup(), scope)
    .selectAll("destinations")
    .where("destinations.id", "=", idToBytes(id))
    .executeTakeFirst();
  return row === undefined ? null : viewOf(keyring, row);
};
