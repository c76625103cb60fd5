import { sql } from "kysely";

import { type Operation, type OperationResult, rawStatement } from "../db/statement.ts";
import type { Store, Tx } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import { asDeliveryRow, fromDeliveryRow, type QueueTables } from "./_rows.ts";
import { claimedDueMs, type Delivery } from "./delivery.ts";
import { destinationsWithClaims } from "./read.ts";
import { besideSql, suspectedSql } from "./suspect.ts";

/** One lane's wish for more work. */
export type ClaimWish = {
  readonly destinationId: Id;
  /** Claims what is due until then. An ordered lane takes whatever comes first, and waits with it in hand. */
  readonly dueUntilMs: number;
  readonly limit: number;
};

/** What a lane got, in order, and when the next of its deliveries in the store falls due. Null: it has none there. */
export type Claimed = { readonly deliveries: readonly Delivery[]; readonly nextDueAtMs: number | null };

/** A retry that is claimed before its time, as an ordered lane does, keeps its time. */
const claimSet = `due_at_ms = ${claimedDueMs}, claims = case when claims = 0 then 1 else claims end, generation = generation + 1,
     not_before_ms = case when attempts > 0 and coalesce(not_before_ms, 0) < due_at_ms
       then due_at_ms else not_before_ms end`;

const claim = rawStatement(
  `update deliveries set ${claimSet}
   where (event_id, id) in (
     select event_id, id from deliveries where destination_id = ? and due_at_ms <= ?
     order by due_at_ms, event_id, id limit ?
   ) returning *`,
  {
    together: `update deliveries set ${claimSet}
       from (
         select due.event_id as picked_event_id, due.id as picked_id from input cross join lateral (
           select d.event_id, d.id from deliveries d where d.destination_id = input.v1 and d.due_at_ms <= input.v2
           order by d.due_at_ms, d.event_id, d.id limit input.v3
         ) as due
       ) as picked
       where event_id = picked_event_id and id = picked_id
       returning deliveries.*`,
    parameters: ["id", "integer", "integer"],
    returns: true,
  },
);

const nextDue = rawStatement(
  `select destination_id, due_at_ms from deliveries
   where destination_id = ? and due_at_ms < ${claimedDueMs} order by due_at_ms limit 1`,
  {
    together: `select input.v1 as destination_id, next.due_at_ms from input cross join lateral (
        select d.due_at_ms from deliveries d where d.destination_id = input.v1 and d.due_at_ms < ${claimedDueMs}
        order by d.due_at_ms limit 1
      ) as next`,
    parameters: ["id"],
    returns: true,
  },
);

/** What claims for several lanes, and looks at what comes after. */
export const claimOperations = (wishes: readonly ClaimWish[]): readonly [Operation, Operation] => [
  {
    statement: claim,
    rows: wishes.map(({ destinationId, dueUntilMs, limit }) => [destinationId, dueUntilMs, limit]),
  },
  { statement: nextDue, rows: wishes.map(({ destinationId }) => [destinationId]) },
];

const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);

const inOrder = (a: Delivery, b: Delivery): number => compare(a.id, b.id);

/** Reads the results of `claimOperations`, one answer for each wish. */
export const readClaims = (
  wishes: readonly ClaimWish[],
  [claimed, next]: readonly OperationResult[],
): readonly Claimed[] => {
  const deliveries = (claimed?.rows ?? []).map((row) => fromDeliveryRow(asDeliveryRow(row)));
  const byDestination = Map.groupBy(deliveries, ({ destinationId }) => destinationId);
  const nextDues = new Map(
    (next?.rows ?? []).map((row) => {
      const { destination_id, due_at_ms } = asDeliveryRow(row);
      return [idFromBytes(destination_id), due_at_ms];
    }),
  );
  return wishes.map(({ destinationId }) => ({
    deliveries: (byDestination.get(destinationId) ?? []).toSorted(inOrder),
    nextDueAtMs: nextDues.get(destinationId) ?? null,
  }));
};

/** Claims that are given back in one go: all other writes wait. */
const rescuedMax = 500;

/** A destination, and how many of its deliveries are sent at once. */
export type Slots = { readonly destinationId: Id; readonly slots: number };

/**
 * Makes due what a dead process had claimed of one destination, at its place in an ordered lane, which is that of
 * creation. Only the oldest, as many as are sent at once, may have been under way, and are suspects: the others waited,
 * and their claim does not count against them. Each claim becomes an older one: a process that was only taken for dead
 * can settle nothing any more.
 * @returns how many there were; `rescuedMax` of them means that there may be more.
 */
const rescueSome = async (tx: Tx, destinationId: Id, underWayMax: number): Promise<number> => {
  const tables = tx.tables<QueueTables>();
  const claimed = await tables
    .selectFrom("deliveries")
    .select(["event_id", "id"])
    .where("destination_id", "=", idToBytes(destinationId))
    .where("due_at_ms", "=", claimedDueMs)
    .orderBy("event_id")
    .orderBy("id")
    .limit(rescuedMax)
    .execute();
  for (const [index, { event_id, id }] of claimed.entries()) {
    const claims = sql<number>`${sql.raw(index < underWayMax ? suspectedSql : besideSql)}`;
    await tables
      .updateTable("deliveries")
      .set(({ eb, ref }) => ({ due_at_ms: ref("created_at_ms"), claims, generation: eb("generation", "+", 1) }))
      .where("event_id", "=", event_id)
      .where("id", "=", id)
      .execute();
  }
  return claimed.length;
};

/**
 * Makes due what a dead process had claimed, destination by destination, while this is the one process that may claim for
 * them: `holds` is asked in every transaction.
 */
export const rescueClaims = async (
  store: Pick<Store, "lookup" | "write" | "cluster">,
  destinations: readonly Slots[],
  holds: (tx: Tx, destinationId: Id) => Promise<boolean> = () => Promise.resolve(true),
): Promise<void> => {
  const claimed = await destinationsWithClaims(
    store,
    destinations.map(({ destinationId }) => destinationId),
  );
  for (const { destinationId, slots } of destinations) {
    if (!claimed.has(destinationId)) continue;
    let underWayMax = slots;
    for (let rescued = rescuedMax; rescued === rescuedMax; underWayMax = Math.max(0, underWayMax - rescuedMax)) {
      rescued = await store.write(async (tx) =>
        (await holds(tx, destinationId)) ? rescueSome(tx, destinationId, underWayMax) : 0,
      );
    }
  }
};
