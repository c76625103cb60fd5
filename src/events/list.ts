import { type ExpressionBuilder, type SelectQueryBuilder, sql } from "kysely";

import type { Store } from "../db/store.ts";
import { type Id, idFloor, idFromBytes, idToBytes } from "../lib/ids.ts";
import { type Events, ofOwnSource } from "./_owned.ts";
import { type EventTables, fromEventRow } from "./_rows.ts";
import type { Event, EventOwner, EventStatus } from "./event.ts";

/** Which events are asked for. Absent parts do not narrow. */
export type EventFilter = {
  readonly eventType?: string;
  readonly status?: EventStatus;
  readonly signatureValid?: boolean;
  /** Received at or after, Unix milliseconds. */
  readonly fromMs?: number;
  /** Received before, Unix milliseconds. */
  readonly toMs?: number;
};

/** A page of a list: so many rows after the newest, or what follows a cursor. */
export type EventPage = { readonly limit: number; readonly offset: number; readonly before?: Id };

/** Counting stops here: above it a total is said to be capped. */
export const totalMax = 10_000;

/** Narrows to a status. The index of what has not succeeded is used when the query says so in its words. */
export const ofStatus = (query: Events, status: EventStatus): Events => {
  const narrowed = query.where("status", "=", status);
  return status === "succeeded" ? narrowed : narrowed.where("status", "<>", sql.lit("succeeded"));
};

/** Narrows to a source of an owner and a filter. Time is narrowed by id: ids grow with it, and the index is by id. */
const narrow = (query: Events, owner: EventOwner, filter: EventFilter): Events => {
  let narrowed = ofOwnSource(query, owner);
  if (filter.eventType !== undefined) narrowed = narrowed.where("event_type", "=", filter.eventType);
  if (filter.status !== undefined) narrowed = ofStatus(narrowed, filter.status);
  if (filter.signatureValid !== undefined) {
    // In the text of the query, as in the index of those that are not.
    narrowed = narrowed.where("signature_valid", "=", sql.lit(filter.signatureValid ? 1 : 0));
  }
  if (filter.fromMs !== undefined) narrowed = narrowed.where("id", ">=", idToBytes(idFloor(filter.fromMs)));
  if (filter.toMs !== undefined) narrowed = narrowed.where("id", "<", idToBytes(idFloor(filter.toMs)));
  return narrowed;
};

const select = (store: Pick<Store, "list">): Events => store.list<EventTables>().selectFrom("events");

const older = (events: Events, before: Id | undefined): Events =>
  before === undefined ? events : events.where("id", "<", idToBytes(before));

/**
 * The events of some ids, newest first. Which these are is found in an index, where that can tell: events of a rare kind are each
 * on a page of their own, and what is skipped, or does not hold a text, need not be read.
 */
const readThese = async (
  store: Pick<Store, "list">,
  { teamId, envId }: EventOwner,
  ids: SelectQueryBuilder<EventTables, "events", { id: Uint8Array }>,
): Promise<readonly Event[]> => {
  const rows = await select(store)
    .selectAll()
    .where("id", "in", ids)
    .where("team_id", "=", idToBytes(teamId))
    .where("env_id", "=", idToBytes(envId))
    .orderBy("id", "desc")
    .execute();
  return rows.map(fromEventRow);
};

/** One page, newest first. */
export const listEvents = async (
  store: Pick<Store, "list">,
  owner: EventOwner,
  filter: EventFilter,
  { limit, offset, before }: EventPage,
): Promise<readonly Event[]> => {
  const found = older(narrow(select(store), owner, filter), before);
  return readThese(store, owner, found.select("id").orderBy("id", "desc").limit(limit).offset(offset));
};

/** How many there are, up to `totalMax`. */
export const countEvents = async (
  store: Pick<Store, "list">,
  owner: EventOwner,
  filter: EventFilter,
): Promise<{ total: number; capped: boolean }> => {
  const some = narrow(select(store), owner, filter)
    .select("id")
    .limit(totalMax + 1)
    .as("some");
  const counted = await store
    .list<EventTables>()
    .selectFrom(some)
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirst();
  const total = counted?.total ?? 0;
  return { total: Math.min(total, totalMax), capped: total > totalMax };
};

/** Rows that one search looks at, and bytes of each body. Both bound what a reader thread can be kept busy with. */
const searchedMax = 10_000;

/** What a search found, and where the next one goes on when it stopped at its bound or its limit. */
export type Found = { readonly events: readonly Event[]; readonly nextBefore: Id | null };

const contains = (text: string) => (eb: ExpressionBuilder<EventTables, "payloads">) =>
  // Bytes are searched as they are: neither a type nor a case is guessed.
  eb(eb.fn<number>("instr", ["payloads.body", eb.val(Buffer.from(text))]), ">", 0);

/** Events whose body holds `text`, among the newest 10,000 of the filter, or of those before the cursor. */
export const searchEvents = async (
  store: Pick<Store, "list">,
  owner: EventOwner,
  filter: EventFilter & { readonly text: string },
  { limit, before }: Pick<EventPage, "limit" | "before">,
): Promise<Found> => {
  const candidates = older(narrow(select(store), owner, filter), before);
  const ids = await candidates.select("id").orderBy("id", "desc").limit(searchedMax).execute();
  const oldest = ids.at(-1)?.id;
  if (oldest === undefined) return { events: [], nextBefore: null };
  const matching = candidates
    .select("id")
    .where("id", ">=", oldest)
    .where(({ exists, selectFrom }) =>
      exists(
        selectFrom("payloads")
          .select("event_id")
          .whereRef("payloads.event_id", "=", "events.id")
          .where(contains(filter.text)),
      ),
    )
    .orderBy("id", "desc")
    .limit(limit);
  const events = await readThese(store, owner, matching);
  if (events.length === limit) return { events, nextBefore: events.at(-1)?.id ?? null };
  return { events, nextBefore: ids.length < searchedMax ? null : idFromBytes(oldest) };
};
