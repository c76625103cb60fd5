import { sql } from "kysely";

import type { Cluster } from "../db/cluster.ts";
import { nodeLockSql } from "../db/fence.ts";
import type { SqlValue } from "../db/statement.ts";
import type { Tx } from "../db/store.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import { bucketsCount } from "./bucket.ts";
import { delivers, type Node } from "./node.ts";

/** How long the others believe that a process is alive, after it last said so. */
export const validityMs = 12_000;

/** What the store answers to a heartbeat. */
export type Beat = {
  /** Whether the process still is one of those that may write. */
  readonly isMember: boolean;
  /** The database's time, Unix milliseconds. */
  readonly nowMs: number;
  /** Processes that deliver. */
  readonly owners: number;
  /** The buckets that this process owns now; and when their earlier owner was given up, where it had not let go. */
  readonly buckets: ReadonlyMap<number, { readonly diedAtMs: number | null }>;
};

const nowSql = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

const joinSql = `insert into nodes (id, name, role, version, key_ids, started_at_ms, valid_until_ms)
  select ?, ?, ?, ?, ?, ${nowSql}, ${nowSql} + ${validityMs}`;

const deliversSql = "role in ('all', 'worker')";

/**
 * All at once, judged by the database's clock: it renews its row, if that is still there; removes those whose time is over,
 * unless a commit of theirs is under way; counts who delivers; and takes what is free, up to its share.
 *
 * Rows that others are busy with are left to them, so that two that give each other up do not wait for each other.
 */
const beatSql = `with moment as materialized (select ${nowSql} as now_ms),
  renewed as (
    update nodes set valid_until_ms = moment.now_ms + ${validityMs}, role = ? from moment
    where nodes.id = ? returning nodes.id
  ),
  overdue as materialized (
    select nodes.id from nodes, moment where nodes.id <> ? and nodes.valid_until_ms < moment.now_ms
    for update of nodes skip locked
  ),
  fenced as materialized (
    select id, pg_try_advisory_xact_lock(${nodeLockSql("id")}) as is_locked from overdue
  ),
  dead as (
    delete from nodes where id in (select id from fenced where is_locked) and exists (select from renewed)
    returning id, valid_until_ms
  ),
  live as (
    select count(*) + ?::integer as owners from nodes, moment
    where nodes.id <> ? and ${deliversSql} and nodes.valid_until_ms >= moment.now_ms
  ),
  mine as (select bucket, abandoned_at_ms from buckets where owner = ?),
  free as materialized (
    select bucket from buckets
    where (owner is null or owner in (select id from dead)) and exists (select from renewed)
    order by bucket
    limit greatest(0, (select (${bucketsCount} + owners - 1) / greatest(owners, 1) from live) - (select count(*) from mine))
      * ?::integer
    for update skip locked
  ),
  moved as (
    update buckets set owner = case when bucket in (select bucket from free) then ?::bytea end,
      abandoned_at_ms = coalesce((select dead.valid_until_ms from dead where dead.id = buckets.owner), abandoned_at_ms)
    where bucket in (select bucket from free) or owner in (select id from dead)
    returning bucket, owner, abandoned_at_ms
  )
  select now_ms, (select count(*) from renewed) as is_member, (select owners from live) as owners,
    (select string_agg(bucket || ':' || coalesce(abandoned_at_ms, 0), ',') from (
      select bucket, abandoned_at_ms from mine
      union all select bucket, abandoned_at_ms from moved where owner = ?
    ) as held) as buckets
  from moment`;

const freeSql = `update buckets set owner = null, abandoned_at_ms = null
  where owner = ? and bucket = any (string_to_array(?, ',')::bigint[])`;

const leaveSql = `with gone as (delete from nodes where id = ?)
  update buckets set owner = null, abandoned_at_ms = null where owner = ?`;

/** Enters a process that starts, or starts again under a new id. */
export const join = async ({ query }: Pick<Cluster, "query">, id: Id, node: Node): Promise<void> => {
  await query(joinSql, [idToBytes(id), node.name, node.role, node.version, node.keyIds.join(",")]);
};

const readBuckets = (value: SqlValue | undefined): Beat["buckets"] => {
  const entries = typeof value === "string" ? value.split(",") : [];
  return new Map(
    entries.map((entry) => {
      const [bucket = "", died = ""] = entry.split(":");
      return [Number(bucket), { diedAtMs: died === "0" ? null : Number(died) }];
    }),
  );
};

/** Says that a process is alive, and takes what falls to it. One that is `leaving` is no longer counted on. */
export const beat = async (
  { query }: Pick<Cluster, "query">,
  id: Id,
  role: Node["role"] | "leaving",
): Promise<Beat> => {
  const me = idToBytes(id);
  const takes = role !== "leaving" && delivers(role) ? 1 : 0;
  const [row = {}] = await query(beatSql, [role, me, me, takes, me, me, takes, me, me]);
  return {
    isMember: row["is_member"] === 1,
    nowMs: Number(row["now_ms"]),
    owners: Number(row["owners"]),
    buckets: readBuckets(row["buckets"]),
  };
};

/** Gives buckets up of which nothing is under way. */
export const letGo = async ({ query }: Pick<Cluster, "query">, id: Id, buckets: readonly number[]): Promise<void> => {
  await query(freeSql, [idToBytes(id), buckets.join(",")]);
};

/** Takes a process out, and gives up what it owned. */
export const leave = async ({ query }: Pick<Cluster, "query">, id: Id): Promise<void> => {
  await query(leaveSql, [idToBytes(id), idToBytes(id)]);
};

type NodeTables = { nodes: { id: Uint8Array } };

/** Whether a process is still one of those that may write. It stays so until the transaction ends. */
export const isMember = async (tx: Tx, id: Id): Promise<boolean> => {
  const tables = tx.tables<NodeTables>();
  const hex = idToBytes(id).toString("hex");
  await sql`select pg_advisory_xact_lock_shared(${sql.raw(nodeLockSql(`'\\x${hex}'::bytea`))})`.execute(tables);
  const row = await tables.selectFrom("nodes").select("id").where("id", "=", idToBytes(id)).executeTakeFirst();
  return row !== undefined;
};
