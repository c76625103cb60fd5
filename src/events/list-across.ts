import type { Store } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import { countIds, newestIds } from "./_across.ts";
import { type EventTables, fromEventRow } from "./_rows.ts";
import type { AcrossFilter, EventsOwner } from "./across.ts";
import type { Event, EventScope } from "./event.ts";
import { totalMax } from "./list.ts";

/** A page of a list: so many rows after the newest, or after the newest that is older than `before`. */
export type AcrossPage = { readonly limit: number; readonly offset: number; readonly before?: Id };

/** Those of these events that this team and environment own, newest first. */
export const readByIds = async (
  store: Pick<Store, "lookup">,
  { teamId, envId }: EventScope,
  ids: readonly Id[],
): Promise<readonly Event[]> => {
  if (ids.length === 0) return [];
  const rows = await store
    .lookup<EventTables>()
    .selectFrom("events")
    .selectAll()
    .where("id", "in", ids.map(idToBytes))
    .where("team_id", "=", idToBytes(teamId))
    .where("env_id", "=", idToBytes(envId))
    .orderBy("id", "desc")
    .execute();
  return rows.map(fromEventRow);
};

/** One page, newest first. */
export const listAcross = async (
  store: Pick<Store, "list" | "lookup">,
  owner: EventsOwner,
  filter: AcrossFilter,
  { limit, offset, before }: AcrossPage,
): Promise<readonly Event[]> => {
  const ids = await newestIds(store, owner, filter, { count: offset + limit, before });
  return readByIds(store, owner, ids.slice(offset));
};

/** How many there are, up to `totalMax`. */
export const countAcross = async (
  store: Pick<Store, "list">,
  owner: EventsOwner,
  filter: AcrossFilter,
): Promise<{ readonly total: number; readonly capped: boolean }> => {
  const total = await countIds(store, owner, filter, totalMax + 1);
  return { total: Math.min(total, totalMax), capped: total > totalMax };
};
