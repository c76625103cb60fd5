import { type Id, idToBytes } from "../lib/ids.ts";
import { fromSourceRow } from "./_source-row.ts";
import { countedSources, fromCountedRow, ownedSources } from "./_sources.ts";
import type { CountedSource } from "./counted-source.ts";
import { sourcesMax } from "./limits.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";
import type { Source, SourceStatus } from "./source.ts";

/** All of the environment's sources, newest first. */
export const listSources = async (
  { store }: Pick<RoutingParts, "store">,
  scope: Scope,
): Promise<readonly CountedSource[]> => {
  const rows = await countedSources(store.list(), scope).orderBy("sources.id", "desc").limit(sourcesMax).execute();
  return rows.map(fromCountedRow);
};

/** Which sources a page has: `limit` of those that are older than `before`. */
export type SourcePage = { readonly limit: number; readonly before?: Id; readonly status?: SourceStatus };

/** A page of the environment's sources, newest first. */
export const pageSources = async (
  { store }: Pick<RoutingParts, "store">,
  scope: Scope,
  { limit, before, status }: SourcePage,
): Promise<readonly Source[]> => {
  let query = ownedSources(store.list(), scope).selectAll("sources");
  if (before !== undefined) query = query.where("sources.id", "<", idToBytes(before));
  if (status !== undefined) query = query.where("sources.status", "=", status);
  const rows = await query.orderBy("sources.id", "desc").limit(limit).execute();
  return rows.map(fromSourceRow);
};

/** One source; null when this team and environment own none of that id. */
export const getSource = async (
  { store }: Pick<RoutingParts, "store">,
  scope: Scope,
  id: Id,
): Promise<CountedSource | null> => {
  const row = await countedSources(store.lookup(), scope).where("sources.id", "=", idToBytes(id)).executeTakeFirst();
  return row === undefined ? null : fromCountedRow(row);
};
