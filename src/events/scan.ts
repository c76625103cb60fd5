import type { SelectQueryBuilder } from "kysely";

import type { Store } from "../db/store.ts";
import { type Id, idFloor, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { EventAndDeliveryTables } from "./_deliveries.ts";
import { fromEventRow } from "./_rows.ts";
import type { Event, EventOwner, EventStatus } from "./event.ts";
import type { EventFilter } from "./list.ts";

/** Which events a walk stops at. `cancelled`: those of which a connection's newest delivery was cancelled. */
export type EventSelection = Pick<EventFilter, "eventType" | "fromMs" | "toMs"> & {
  readonly status?: EventStatus | "cancelled";
};

/** A stretch of a source's events: after the first id, up to and with the second. Null: from the oldest on. */
export type Stretch = { readonly after: Id | null; readonly through: Id };

/** What one step of a walk found, oldest first, and where the next one goes on. Null: there is nothing more. */
export type Step = { readonly events: readonly Event[]; readonly next: Id | null };

/** Events that one read looks at: it keeps a reader busy for a few milliseconds, however few of them are wanted. */
const readMax = 5_000;

type Events = SelectQueryBuilder<EventAndDeliveryTables, "events", object>;

/** A source's events of a stretch. Time is narrowed by id: ids grow with it, and the index is by id. */
const within = (
  store: Pick<Store, "list">,
  sourceId: Id,
  { after, through }: Stretch,
  { fromMs, toMs }: EventSelection,
): Events => {
  let query: Events = store
    .list<EventAndDeliveryTables>()
    .selectFrom("events")
    .where("source_id", "=", idToBytes(sourceId))
    .where("id", "<=", idToBytes(through));
  if (after !== null) query = query.where("id", ">", idToBytes(after));
  if (fromMs !== undefined) query = query.where("id", ">=", idToBytes(idFloor(fromMs)));
  if (toMs !== undefined) query = query.where("id", "<", idToBytes(idFloor(toMs)));
  return query;
};

const hasCancelled = (events: Events): Events =>
  events.where(({ exists, selectFrom }) =>
    exists(
      selectFrom("deliveries")
        .select("deliveries.event_id")
        .whereRef("deliveries.event_id", "=", "events.id")
        .where("deliveries.newest", "=", 1)
        .where("deliveries.status", "=", "cancelled"),
    ),
  );

const selected = (events: Events, { teamId, envId }: EventOwner, { eventType, status }: EventSelection): Events => {
  let query = events.where("team_id", "=", idToBytes(teamId)).where("env_id", "=", idToBytes(envId));
  if (eventType !== undefined) query = query.where("event_type", "=", eventType);
  if (status === "cancelled") return hasCancelled(query);
  return status === undefined ? query : query.where("status", "=", status);
};

/** The last event that one read may look at; null when that is the end of the stretch. */
const lookEnd = async (events: Events): Promise<Id | null> => {
  const row = await events
    .select("id")
    .orderBy("id")
    .limit(1)
    .offset(readMax - 1)
    .executeTakeFirst();
  return row === undefined ? null : idFromBytes(row.id);
};

/** The next events of a walk, oldest first: at most `limit`, and perhaps none although there are more to come. */
export const walkEvents = async (
  store: Pick<Store, "list">,
  owner: EventOwner,
  selection: EventSelection,
  { limit, ...stretch }: Stretch & { readonly limit: number },
): Promise<Step> => {
  const end = await lookEnd(within(store, owner.sourceId, stretch, selection));
  const look = within(store, owner.sourceId, { ...stretch, through: end ?? stretch.through }, selection);
  const rows = await selected(look, owner, selection).selectAll().orderBy("id").limit(limit).execute();
  const events = rows.map(fromEventRow);
  return { events, next: events.length === limit ? (events.at(-1)?.id ?? null) : end };
};

/**
 * How many events of a stretch are selected, counted in as many short reads as it takes. Exact, unless the stretch has
 * more events than `lookedAtMax`, selected or not: then those after the read that comes to it are not counted.
 */
export const countSelected = async (
  store: Pick<Store, "list">,
  owner: EventOwner,
  selection: EventSelection,
  stretch: Stretch & { readonly lookedAtMax: number },
): Promise<number> => {
  let total = 0;
  let { after } = stretch;
  for (let lookedAt = 0; lookedAt < stretch.lookedAtMax; lookedAt += readMax) {
    const rest = { after, through: stretch.through };
    const end = await lookEnd(within(store, owner.sourceId, rest, selection));
    const look = within(store, owner.sourceId, { after, through: end ?? stretch.through }, selection);
    const counted = await selected(look, owner, selection)
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirst();
    total += counted?.count ?? 0;
    if (end === null) break;
    after = end;
  }
  return total;
};
