import { CompiledQuery } from "kysely";

import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
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

/** Those of these events that this team and environment own, oldest first: a hundred or so. */
export const readOwnEvents = async (
  store: Pick<Store, "list">,
  { teamId, envId }: EventScope,
  eventIds: readonly Id[],
): Promise<readonly Event[]> => {
  if (eventIds.length === 0) return [];
  const rows = await store
    .list<EventTables>()
    .selectFrom("events")
    .selectAll()
    .where("id", "in", eventIds.map(idToBytes))
    .where("team_id", "=", idToBytes(teamId))
    .where("env_id", "=", idToBytes(envId))
    .orderBy("id")
    .execute();
  return rows.map(fromEventRow);
};

/** Written out: a lane that works off a backlog reads one event after the other, and building a query costs more than it. */
const storedSql = (count: number): string => `select e.*, p.method, p.query, p.sender_address, p.headers, p.body
  from events e join payloads p on p.event_id = e.id where e.id in (${Array.from({ length: count }, () => "?").join(", ")})`;

type StoredRow = EventTables["events"] & Omit<EventTables["payloads"], "event_id">;

/** An event and its bytes. */
export type Stored = { readonly event: Event; readonly payload: Payload };

const toStored = (row: StoredRow): Stored => ({ event: fromEventRow(row), payload: fromPayloadRow(row) });

/** An event and its bytes, for the gateway's own use: whoever asks has found it through its owner. */
export const readStored = async (store: Pick<Store, "lookup">, eventId: Id): Promise<Stored | null> =>
  (await readStoredTogether(store, [eventId])).get(eventId)?.() ?? null;

/** Events that are read by one query, at most. */
export const readTogetherMax = 16;

/** The numbers of ids that queries come with. With any number, each would be a query of its own to whoever prepares it. */
const idsCounts = [1, 2, 4, 8, readTogetherMax] as const;

/**
 * The same for up to `readTogetherMax` events. An event that is not there is not in the map; one that cannot be read throws when it
 * is asked for, and keeps nobody from the others.
 */
export const readStoredTogether = async (
  store: Pick<Store, "lookup">,
  eventIds: readonly Id[],
): Promise<ReadonlyMap<Id, () => Stored>> => {
  const count = idsCounts.find((each) => each >= eventIds.length) ?? eventIds.length;
  const [first = ""] = eventIds;
  const ids = [...eventIds, ...Array.from({ length: count - eventIds.length }, () => first)];
  const query = CompiledQuery.raw(storedSql(count), ids.map(idToBytes));
  const { rows } = await store.lookup<EventTables>().executeQuery<StoredRow>(query);
  return new Map(rows.map((row) => [idFromBytes(row.id), () => toStored(row)]));
};
