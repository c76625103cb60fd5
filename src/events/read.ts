import { CompiledQuery } from "kysely";

import type { Store } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import { type EventTables, fromEventRow, fromPayloadRow } from "./_rows.ts";
import type { Event, EventScope, Payload } from "./event.ts";

/** One event, if this team and environment own it and it is of this source. */
export const readEvent = async (
  store: Pick<Store, "lookup">,
  scope: EventScope,
  { sourceId, eventId }: { sourceId: Id; eventId: Id },
): Promise<Event | null> => {
  const row = await store
    .lookup<EventTables>()
    .selectFrom("events")
    .selectAll()
    .where("id", "=", idToBytes(eventId))
    .where("source_id", "=", idToBytes(sourceId))
    .where("team_id", "=", idToBytes(scope.teamId))
    .where("env_id", "=", idToBytes(scope.envId))
    .executeTakeFirst();
  return row === undefined ? null : fromEventRow(row);
};

/** One event of any source, if this team and environment own it. */
export const readOwnEvent = async (
  store: Pick<Store, "lookup">,
  { teamId, envId }: EventScope,
  eventId: Id,
): Promise<Event | null> => {
  const row = await store
    .lookup<EventTables>()
    .selectFrom("events")
    .selectAll()
    .where("id", "=", idToBytes(eventId))
    .where("team_id", "=", idToBytes(teamId))
    .where("env_id", "=", idToBytes(envId))
    .executeTakeFirst();
  return row === undefined ? null : fromEventRow(row);
};

/** Written out: a lane that works off a backlog reads one event after the other, and building a query costs more than it. */
const storedSql = `select e.*, p.method, p.query, p.sender_address, p.headers, p.body
  from events e join payloads p on p.event_id = e.id where e.id = ?`;

type StoredRow = EventTables["events"] & Omit<EventTables["payloads"], "event_id">;

/** An event and its bytes, for the gateway's own use: whoever asks has found it through its owner. */
export const readStored = async (
  store: Pick<Store, "lookup">,
  eventId: Id,
): Promise<{ event: Event; payload: Payload } | null> => {
  const query = CompiledQuery.raw(storedSql, [idToBytes(eventId)]);
  const { rows } = await store.lookup<EventTables>().executeQuery<StoredRow>(query);
  const [row] = rows;
  return row === undefined ? null : { event: fromEventRow(row), payload: fromPayloadRow(row) };
};
