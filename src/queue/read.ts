import { type RawBuilder, sql } from "kysely";

import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import { fromDeliveryRow, type QueueTables } from "./_rows.ts";
import { claimedDueMs, type Delivery, type DeliveryKey } from "./delivery.ts";

/** The newest deliveries of one event, oldest first. Whoever asks has found the event through its owner. */
export const deliveriesOf = async (store: Pick<Store, "lookup">, eventId: Id): Promise<readonly Delivery[]> => {
  const rows = await store
    .lookup<QueueTables>()
    .selectFrom("deliveries")
    .selectAll()
    .where("event_id", "=", idToBytes(eventId))
    .orderBy("id", "desc")
    .limit(deliveriesMax)
    .execute();
  return rows.toReversed().map(fromDeliveryRow);
};

const isAmong = (keys: readonly DeliveryKey[]): RawBuilder<boolean> => {
  const places = keys.map(({ eventId, deliveryId }) => sql`(${idToBytes(eventId)}, ${idToBytes(deliveryId)})`);
  return sql<boolean>`(event_id, id) in (values ${sql.join(places)})`;
};

/** These deliveries, a thousand at most; those that are gone are left out. Whoever asks has found them through their owner. */
export const readDeliveries = async (
  store: Pick<Store, "lookup">,
  keys: readonly DeliveryKey[],
): Promise<ReadonlyMap<Id, Delivery>> => {
  if (keys.length === 0) return new Map();
  const rows = await store.lookup<QueueTables>().selectFrom("deliveries").selectAll().where(isAmong(keys)).execute();
  return new Map(rows.map(fromDeliveryRow).map((delivery) => [delivery.id, delivery]));
};

/** What can be asked of many deliveries at once. */
export type Standing = Pick<Delivery, "sourceId" | "connectionId" | "status" | "attempts">;

/** How these deliveries stand, a thousand at most; those that are gone are left out. A quarter of the work of reading them whole. */
export const readStandings = async (
  store: Pick<Store, "list">,
  keys: readonly DeliveryKey[],
): Promise<ReadonlyMap<Id, Standing>> => {
  if (keys.length === 0) return new Map();
  const rows = await store
    .list<QueueTables>()
    .selectFrom("deliveries")
    .select(["id", "source_id", "connection_id", "status", "attempts"])
    .where(isAmong(keys))
    .execute();
  return new Map(
    rows.map(({ id, source_id: sourceId, connection_id: connectionId, status, attempts }) => [
      idFromBytes(id),
      { sourceId: idFromBytes(sourceId), connectionId: idFromBytes(connectionId), status, attempts },
    ]),
  );
};

/** When those of these deliveries that wait are tried next. Those that are in a lane's hands, or have ended, are left out. */
export const readWaits = async (
  store: Pick<Store, "lookup">,
  keys: readonly DeliveryKey[],
): Promise<ReadonlyMap<Id, number>> => {
  if (keys.length === 0) return new Map();
  const rows = await store
    .lookup<QueueTables>()
    .selectFrom("deliveries")
    .select(["id", "due_at_ms"])
    .where(isAmong(keys))
    .where("due_at_ms", "<", claimedDueMs)
    .execute();
  return new Map(
    rows.flatMap(({ id, due_at_ms: dueMs }) => (dueMs === null ? [] : [[idFromBytes(id), dueMs] as const])),
  );
};

/** Deliveries of one event that are ever shown. */
const deliveriesMax = 1000;

type DueRow = { place: number; due_at_ms: number | null };

/** Destinations that one statement looks at, across a network. */
const togetherMax = 1_000;

/** The first due time of each destination among those that `span` admits. One seek in the index for each destination. */
const firstDues = async (
  { lookup, cluster }: Pick<Store, "lookup" | "cluster">,
  destinationIds: readonly Id[],
  span: string,
): Promise<ReadonlyMap<Id, number>> => {
  const first = (id: string): string =>
    `(select due_at_ms from deliveries where destination_id = ${id} and due_at_ms ${span} order by due_at_ms limit 1)`;
  const times = new Map<Id, number>();
  const read = async (ids: readonly Id[], query: RawBuilder<DueRow>): Promise<void> => {
    for (const { place, due_at_ms } of (await query.execute(lookup())).rows) {
      const id = ids[place - 1];
      if (id !== undefined && due_at_ms !== null) times.set(id, due_at_ms);
    }
  };
  if (cluster === null) {
    for (const id of destinationIds) {
      await read([id], sql`select 1 as place, ${sql.raw(first("x"))} as due_at_ms from (select ${idToBytes(id)} as x)`);
    }
    return times;
  }
  for (let at = 0; at < destinationIds.length; at += togetherMax) {
    const ids = destinationIds.slice(at, at + togetherMax);
    const texts = ids.map((id) => idToBytes(id).toString("hex")).join(",");
    await read(
      ids,
      sql`select place, due_at_ms from (
          select place, ${sql.raw(first("decode(hex, 'hex')"))} as due_at_ms
          from unnest(string_to_array(${texts}, ',')) with ordinality as input (hex, place)
        ) as firsts where due_at_ms is not null`,
    );
  }
  return times;
};

/** When each destination's first delivery in the store falls due. */
export const dueTimes = (
  store: Pick<Store, "lookup" | "cluster">,
  destinationIds: readonly Id[],
): Promise<ReadonlyMap<Id, number>> => firstDues(store, destinationIds, `< ${claimedDueMs}`);

/** Those destinations for which some process has claimed something. */
export const destinationsWithClaims = async (
  store: Pick<Store, "lookup" | "cluster">,
  destinationIds: readonly Id[],
): Promise<ReadonlySet<Id>> => new Set((await firstDues(store, destinationIds, `= ${claimedDueMs}`)).keys());

/** Pending and ended deliveries of one bulk replay. */
export const countByReplay = async (
  store: Pick<Store, "list">,
  replayId: Id,
): Promise<Readonly<Record<Delivery["status"], number>>> => {
  const rows = await store
    .list<QueueTables>()
    .selectFrom("deliveries")
    .select(({ fn }) => ["status", fn.countAll<number>().as("count")])
    .where("replay_id", "=", idToBytes(replayId))
    .groupBy("status")
    .execute();
  const counts = { pending: 0, success: 0, failed: 0, cancelled: 0 };
  for (const { status, count } of rows) counts[status] = count;
  return counts;
};
