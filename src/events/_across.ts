import { type SelectQueryBuilder, sql } from "kysely";

import type { Store } from "../db/store.ts";
import { type Id, idFloor, idFromBytes, idToBytes } from "../lib/ids.ts";
import { type Events, ownSources } from "./_owned.ts";
import type { EventTables } from "./_rows.ts";
import type { AcrossFilter, EventsOwner, VerificationStatus } from "./across.ts";
import type { DedupStatus } from "./event.ts";
import { ofStatus } from "./list.ts";

/** Sources whose newest events one statement compares, and ids that it may have to look at for it. */
const togetherMax = 100;
const comparedMax = 200_000;

const idHexDigits = 32;

const ofVerification = (query: Events, verification: VerificationStatus): Events => {
  if (verification === "schema_invalid") return query.where("schema_valid", "=", sql.lit(0));
  const fits = query.where(({ or, eb }) => or([eb("schema_valid", "is", null), eb("schema_valid", "<>", 0)]));
  switch (verification) {
    case "verified":
      return fits.where("signature_valid", "=", sql.lit(1));
    // In the text of the query, as in the indexes of those that are not valid.
    case "failed":
      return fits.where("signature_reason", "<>", sql.lit("ok")).where("signature_reason", "<>", sql.lit("skipped"));
    case "skipped":
      return fits.where("signature_valid", "=", sql.lit(0)).where("signature_reason", "=", "skipped");
  }
};

const ofDedup = (query: Events, dedup: DedupStatus): Events =>
  dedup === "duplicate"
    ? query.where("dedup", "=", sql.lit("duplicate"))
    : query.where(({ or, eb }) => or([eb("dedup", "is", null), eb("dedup", "=", "unique")]));

const ofIdPrefix = (query: Events, prefix: string): Events =>
  query
    .where("id", ">=", Buffer.from(prefix.padEnd(idHexDigits, "0"), "hex"))
    .where("id", "<=", Buffer.from(prefix.padEnd(idHexDigits, "f"), "hex"));

/** The index of methods that are rare is used when the query says so in its words. */
const ofMethod = (query: Events, method: string): Events => {
  const narrowed = query.where("method", "=", method);
  return method === "POST" ? narrowed : narrowed.where("method", "<>", sql.lit("POST"));
};

/** Narrows to a filter. Time is narrowed by id: ids grow with it, and the indexes are by id. */
const filtered = (events: Events, filter: AcrossFilter): Events => {
  let query = events;
  if (filter.status !== undefined) query = ofStatus(query, filter.status);
  if (filter.verification !== undefined) query = ofVerification(query, filter.verification);
  if (filter.dedup !== undefined) query = ofDedup(query, filter.dedup);
  if (filter.method !== undefined) query = ofMethod(query, filter.method);
  if (filter.fromMs !== undefined) query = query.where("id", ">=", idToBytes(idFloor(filter.fromMs)));
  if (filter.toMs !== undefined) query = query.where("id", "<", idToBytes(idFloor(filter.toMs)));
  if (filter.idPrefix !== undefined) query = ofIdPrefix(query, filter.idPrefix);
  return query;
};

type Ids = SelectQueryBuilder<EventTables, "events", { id: Uint8Array }>;

/** Which ids are looked for: `narrow` takes out what is not wanted, and brings what is into order. */
type Look = { readonly filter: AcrossFilter; narrow(ids: Ids): Ids };

type AllIds = SelectQueryBuilder<{ all_ids: { id: Uint8Array } }, "all_ids", object>;

/** The ids of each of some sources, one after the other: by its own index each, which one look at all of them would not use. */
const idsOfEach = (store: Pick<Store, "list">, sourceIds: readonly Id[], { filter, narrow }: Look): AllIds | null => {
  const tables = store.list<EventTables>();
  const [first, ...rest] = sourceIds.map((sourceId) => {
    const events = tables.selectFrom("events").where("source_id", "=", idToBytes(sourceId));
    return tables.selectFrom(narrow(filtered(events, filter).select("id")).as("of_source")).select("id");
  });
  if (first === undefined) return null;
  return tables.selectFrom(rest.reduce((union, query) => union.unionAll(query), first).as("all_ids"));
};

const partsOf = (sourceIds: readonly Id[], size: number): readonly (readonly Id[])[] =>
  Array.from({ length: Math.ceil(sourceIds.length / size) }, (_, at) => sourceIds.slice(at * size, (at + 1) * size));

type Newest = {
  readonly count: number;
  readonly before?: Id | undefined;
  /** What else they must be. */
  readonly narrow?: (ids: Ids) => Ids;
};

/**
 * The newest ids of all: of each source as many as are wanted of all, and of those the newest. Of each further few sources
 * only what is newer than the last that was found so far.
 */
export const newestIds = async (
  store: Pick<Store, "list">,
  owner: EventsOwner,
  filter: AcrossFilter,
  { count, before, narrow = (ids) => ids }: Newest,
): Promise<readonly Id[]> => {
  const together = Math.max(1, Math.min(togetherMax, Math.floor(comparedMax / count)));
  let newest: readonly Id[] = [];
  for (const named of partsOf(owner.sourceIds, together)) {
    const sourceIds = await ownSources(store, owner, named);
    const after = newest.length === count ? newest.at(-1) : undefined;
    const bounded = (ids: Ids): Ids => {
      const older = before === undefined ? ids : ids.where("id", "<", idToBytes(before));
      const newer = after === undefined ? older : older.where("id", ">", idToBytes(after));
      return narrow(newer).orderBy("id", "desc").limit(count);
    };
    const query = idsOfEach(store, sourceIds, { filter, narrow: bounded });
    const rows = (await query?.select("id").orderBy("id", "desc").limit(count).execute()) ?? [];
    newest = [...newest, ...rows.map(({ id }) => idFromBytes(id))].toSorted().toReversed().slice(0, count);
  }
  return newest;
};

/** How many there are, up to `countMax`. */
export const countIds = async (
  store: Pick<Store, "list">,
  owner: EventsOwner,
  filter: AcrossFilter,
  countMax: number,
): Promise<number> => {
  let total = 0;
  for (const named of partsOf(owner.sourceIds, togetherMax)) {
    if (total >= countMax) break;
    const query = idsOfEach(store, await ownSources(store, owner, named), { filter, narrow: (ids) => ids });
    const some = query
      ?.select("id")
      .limit(countMax - total)
      .as("some");
    if (some === undefined) continue;
    const counted = await store
      .list<EventTables>()
      .selectFrom(some)
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .executeTakeFirst();
    total += counted?.count ?? 0;
  }
  return total;
};
