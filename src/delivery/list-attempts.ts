import { sql } from "kysely";

import type { Store } from "../db/store.ts";
import type { EventScope } from "../events/event.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { DeliveryTables } from "./_rows.ts";
import { type Attempt, toAttempt } from "./attempt-log.ts";

/** Which attempt it is, and of what. */
export type AttemptKey = {
  readonly id: Id;
  readonly eventId: Id;
  readonly deliveryId: Id;
  /** 1 for the first of its delivery. */
  readonly number: number;
  readonly destinationId: Id;
  readonly isFailed: boolean;
};

/** So many of the newest attempts, or of those before one; of one event, or of all. */
export type AttemptSpan = {
  readonly limit: number;
  readonly before?: Id | undefined;
  readonly eventId?: Id | undefined;
};

type KeyRow = Pick<
  DeliveryTables["attempts"],
  "attempt_id" | "event_id" | "delivery_id" | "number" | "destination_id" | "code"
>;

const toKey = (row: KeyRow): AttemptKey => ({
  id: idFromBytes(row.attempt_id),
  eventId: idFromBytes(row.event_id),
  deliveryId: idFromBytes(row.delivery_id),
  number: row.number,
  destinationId: idFromBytes(row.destination_id),
  isFailed: row.code !== null,
});

/** The newest attempts of a team and environment, newest first, without what was sent and answered. */
export const listAttemptKeys = async (
  store: Pick<Store, "list">,
  { teamId, envId }: EventScope,
  { limit, before, eventId }: AttemptSpan,
): Promise<readonly AttemptKey[]> => {
  const [team, env] = [idToBytes(teamId), idToBytes(envId)];
  const attempts = store
    .list<DeliveryTables>()
    .selectFrom("attempts")
    .select(["attempt_id", "event_id", "delivery_id", "number", "destination_id", "code"]);
  // In other words than the index of an owner's attempts: SQLite would walk through all of them to find those of one event.
  const isOwn = sql<boolean>`case when team_id = ${team} and env_id = ${env} then 1 else 0 end = 1`;
  let query =
    eventId === undefined
      ? attempts.where("team_id", "=", team).where("env_id", "=", env)
      : attempts.where("event_id", "=", idToBytes(eventId)).where(isOwn);
  if (before !== undefined) query = query.where("attempt_id", "<", idToBytes(before));
  const rows = await query.orderBy("attempt_id", "desc").limit(limit).execute();
  return rows.map(toKey);
};

/** These attempts, if this team and environment own them, newest first. */
export const readAttempts = async (
  store: Pick<Store, "lookup">,
  { teamId, envId }: EventScope,
  ids: readonly Id[],
): Promise<readonly { readonly key: AttemptKey; readonly attempt: Attempt }[]> => {
  if (ids.length === 0) return [];
  const rows = await store
    .lookup<DeliveryTables>()
    .selectFrom("attempts")
    .selectAll()
    .where("team_id", "=", idToBytes(teamId))
    .where("env_id", "=", idToBytes(envId))
    .where("attempt_id", "in", ids.map(idToBytes))
    .orderBy("attempt_id", "desc")
    .execute();
  return rows.map((row) => ({ key: toKey(row), attempt: toAttempt(row) }));
};
