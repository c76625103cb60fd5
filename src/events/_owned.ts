import { type SelectQueryBuilder, sql } from "kysely";

import { idToBytes } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";
import type { EventOwner } from "./event.ts";

/** A query of events that is still to be narrowed. */
export type Events = SelectQueryBuilder<EventTables, "events", object>;

/**
 * Narrows to a source, and to nothing when its events are somebody else's. All of a source's events have one owner (`moveEvents`
 * gives them to another together), so the newest is asked for all: the owner is in no index, and each event would have to be
 * read for it that is only to be counted.
 *
 * That one is asked for in an order that the index by source alone has: from the newest event of all, a planner would have to walk to the
 * newest of a source that has long been silent.
 */
export const ofOwnSource = (events: Events, { teamId, envId, sourceId }: EventOwner): Events => {
  const source = idToBytes(sourceId);
  return events.where("source_id", "=", source).where(({ exists, selectFrom }) =>
    exists(
      selectFrom(
        selectFrom("events as any_of_source")
          .select(["team_id", "env_id"])
          .where("source_id", ">=", source)
          .where("source_id", "<=", source)
          .orderBy("source_id", "desc")
          .orderBy("id", "desc")
          .limit(sql.lit(1))
          .as("newest"),
      )
        .select("newest.team_id")
        .where("newest.team_id", "=", idToBytes(teamId))
        .where("newest.env_id", "=", idToBytes(envId)),
    ),
  );
};
