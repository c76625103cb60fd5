import { type Id, idToBytes } from "../lib/ids.ts";
import { countedSources, fromCountedRow } from "./_sources.ts";
import type { CountedSource } from "./counted-source.ts";
import { sourcesMax } from "./limits.ts";
import type { RoutingParts } from "./parts.ts";
import type { Scope } from "./scope.ts";

/** All of the environment's sources, newest first. */
export const listSources = async (
  { store }: Pick<RoutingParts, "store">,
  scope: Scope,
): Promise<readonly CountedSource[]> => {
  const rows = await countedSources(store.list(), scope).orderBy("sources.id", "desc").limit(sourcesMax).execute();
  return rows.map(fromCountedRow);
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
