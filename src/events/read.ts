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

/** An event and its bytes, for the gateway's own use: whoever asks has found it through its owner. */
export const readStored = async (
  store: Pick<Store, "lookup">,
  eventId: Id,
): Promise<{ event: Event; payload: Payload } | null> => {
  const lookup = store.lookup<EventTables>();
  const id = idToBytes(eventId);
  const event = await lookup.selectFrom("events").selectAll().where("id", "=", id).executeTakeFirst();
  const payload = await lookup.selectFrom("payloads").selectAll().where("event_id", "=", id).executeTakeFirst();
  if (event === undefined || payload === undefined) return null;
  return { event: fromEventRow(event), payload: fromPayloadRow(payload) };
};
