import { type RawBuilder, type SelectQueryBuilder, sql } from "kysely";

import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";
import type { EventOwner, EventScope } from "./event.ts";

/** A query of events that is still to be narrowed. */
export type Events = SelectQueryBuilder<EventTables, "events", object>;

/**
 * Whether the events of a source are this owner's. All of a source's events have one owner (`moveEvents` gives them to another
 * together), so the newest is asked for all: the owner is in no index, and each event would have to be read for it that is
 * only to be counted.
 *
 * It is asked for in an order that the index by source alone has: from the newest event of all, a planner would have to walk to
 * that of a source that has long been silent.
 */
const isOwn = (source: RawBuilder<unknown>, { teamId, envId }: EventScope): RawBuilder<boolean> =>
  sql<boolean>`exists (select 1 from (
      select team_id, env_id from events as any_of_source where source_id >= ${source} and source_id <= ${source}
      order by source_id desc, id desc limit 1
    ) as newest where newest.team_id = ${idToBytes(teamId)} and newest.env_id = ${idToBytes(envId)})`;

/** Narrows to a source, and to nothing when its events are somebody else's. */
export const ofOwnSource = (events: Events, { sourceId, ...owner }: EventOwner): Events => {
  const source = idToBytes(sourceId);
  return events.where("source_id", "=", source).where(isOwn(sql.val(source), owner));
};

/** Those of some sources that have events, and these of this owner. */
export const ownSources = async (
  store: Pick<Store, "list">,
  owner: EventScope,
  sourceIds: readonly Id[],
): Promise<readonly Id[]> => {
  if (sourceIds.length === 0) return [];
  const asked = sql.join(sourceIds.map((id) => sql`(${idToBytes(id)})`));
  const { rows } = await sql<{ column1: Uint8Array }>`select column1 from (values ${asked}) as asked
    where ${isOwn(sql.ref("asked.column1"), owner)}`.execute(store.list<EventTables>());
  return rows.map(({ column1 }) => idFromBytes(column1));
};
