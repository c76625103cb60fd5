import { type SelectQueryBuilder, sql } from "kysely";

import type { Store } from "../db/store.ts";
import { type Id, idFloor, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { EventTables } from "./_rows.ts";
import type { AcrossFilter, EventsOwner, VerificationStatus } from "./across.ts";
import type { DedupStatus, EventScope } from "./event.ts";
import { ofStatus } from "./list.ts";

/** A query of events that is still to be narrowed. */
export type Events = SelectQueryBuilder<EventTables, "events", object>;

/** Sources whose newest events one statement compares, and ids that it may have to look at for it. */
const togetherMax = 100;
const comparedMax = 20_000;

const idHexDigits = 32;

const ofVerification = (query: Events, verification: VerificationStatus): Events => {
  if (verification === "schema_invalid") return query.where("schema_valid", "=", sql.lit(0));
  const fits = query.where(({ or, eb }) => or([eb("schema_valid", "is", null), eb("schema_valid", "<>", 0)]));
  switch (verification) {
    case "verified":
      return fits.where("signature_valid", "=", sql.lit(1));
    case "failed":
      // In the text of the query, as in the index of those that are not valid.
      return fits.where("signature_valid", "=", sql.lit(0)).where("signature_reason", "<>", "skipped");
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

/** Narrows to an owner and a filter. Time is narrowed by id: ids grow with it, and the indexes are by id. */
export const filtered = (events: Events, { teamId, envId }: EventScope, filter: AcrossFilter): Events => {
  let query = events.where("team_id", "=", idToBytes(teamId)).where("env_id", "=", idToBytes(envId));
  if (filter.status !== undefined) query = ofStatus(query, filter.status);
  if (filter.verification !== undefined) query = ofVerification(query, filter.verification);
  if (filter.dedup !== undefined) query = ofDedup(query, filter.dedup);
  if (filter.method !== undefined) query = query.where("method", "=", filter.method);
  if (filter.fromMs !== undefined) query = query.where("id", ">=", idToBytes(idFloor(filter.fromMs)));
  if (filter.toMs !== undefined) query = query.where("id", "<", idToBytes(idFloor(filter.toMs)));
  if (filter.idPrefix !== undefined) query = ofIdPrefix(query, filter.idPrefix);
  return query;
};

type Newest = { readonly count: number; readonly before?: Id | undefined; readonly after?: Id | undefined };

/** The newest ids of some sources: of each one as many as are wanted of all, by its own index, and of those the newest. */
const newestOfSome = async (
  store: Pick<Store, "list">,
  { sourceIds, ...owner }: EventsOwner,
  filter: AcrossFilter,
  { count, before, after }: Newest,
): Promise<readonly Id[]> => {
  const tables = store.list<EventTables>();
  const ofSource = (sourceId: Id) => {
    let query = filtered(tables.selectFrom("events").where("source_id", "=", idToBytes(sourceId)), owner, filter);
    if (before !== undefined) query = query.where("id", "<", idToBytes(before));
    if (after !== undefined) query = query.where("id", ">", idToBytes(after));
    return tables.selectFrom(query.select("id").orderBy("id", "desc").limit(count).as("of_source")).select("id");
  };
  const [first, ...rest] = sourceIds.map(ofSource);
  if (first === undefined) return [];
  const all = rest.reduce((union, query) => union.unionAll(query), first);
  const rows = await tables.selectFrom(all.as("newest")).select("id").orderBy("id", "desc").limit(count).execute();
  return rows.map(({ id }) => idFromBytes(id));
};

/** The newest ids of all. Of each further few sources only what is newer than the last that was found so far. */
export const newestIds = async (
  store: Pick<Store, "list">,
  { sourceIds, ...owner }: EventsOwner,
  filter: AcrossFilter,
  { count, before }: Newest,
): Promise<readonly Id[]> => {
  const together = Math.max(1, Math.min(togetherMax, Math.floor(comparedMax / count)));
  let newest: readonly Id[] = [];
  for (let at = 0; at < sourceIds.length; at += together) {
    const some = { ...owner, sourceIds: sourceIds.slice(at, at + together) };
    const after = newest.length === count ? newest.at(-1) : undefined;
    const found = await newestOfSome(store, some, filter, { count, before, after });
    newest = [...newest, ...found].toSorted().toReversed().slice(0, count);
  }
  return newest;
};

/** Narrows to these sources. */
export const ofSources = (query: Events, sourceIds: readonly Id[]): Events =>
  query.where("source_id", "in", sourceIds.map(idToBytes));
