import { insertStatement, type Operation } from "../db/statement.ts";
import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import { clip, storable } from "../lib/text.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { DeliveryTables } from "./_rows.ts";
import type { AttemptCode } from "./outcome.ts";

/** One try of a delivery, as it is kept. */
export type Attempt = {
  readonly id: Id;
  readonly deliveryId: Id;
  /** 1 for the first. */
  readonly number: number;
  /** Null when it succeeded. */
  readonly code: AttemptCode | null;
  readonly error: string | null;
  readonly responseStatus: number | null;
  /** The first 1,024 bytes. */
  readonly responseBody: Uint8Array | null;
  readonly durationMs: number;
  readonly startedAtMs: number;
};

const errorCharsMax = 500;

const insert = insertStatement({
  table: "attempts",
  columns: {
    event_id: "id",
    delivery_id: "id",
    number: "integer",
    team_id: "id",
    env_id: "id",
    destination_id: "id",
    attempt_id: "id",
    code: "text",
    error: "text",
    response_status: "integer",
    response_body: "bytes",
    duration_ms: "integer",
    started_at_ms: "integer",
  },
  // The commit of an outcome may be repeated when its answer was lost.
  onConflict: "ignore",
});

/** What records attempts. */
export const logOperation = (
  attempts: readonly { readonly delivery: Delivery; readonly attempt: Attempt }[],
): Operation => ({
  statement: insert,
  rows: attempts.map(({ delivery, attempt }) => [
    delivery.eventId,
    delivery.id,
    attempt.number,
    delivery.teamId,
    delivery.envId,
    delivery.destinationId,
    attempt.id,
    attempt.code,
    attempt.error === null ? null : clip(storable(attempt.error), errorCharsMax),
    attempt.responseStatus,
    attempt.responseBody,
    attempt.durationMs,
    attempt.startedAtMs,
  ]),
});

/** Attempts of one event that are ever shown. */
const attemptsMax = 5000;

/** The newest attempts of an event's deliveries, oldest first. Whoever asks has found the event through its owner. */
export const attemptsOf = async (store: Pick<Store, "lookup">, eventId: Id): Promise<readonly Attempt[]> => {
  const rows = await store
    .lookup<DeliveryTables>()
    .selectFrom("attempts")
    .selectAll()
    .where("event_id", "=", idToBytes(eventId))
    .orderBy("delivery_id", "desc")
    .orderBy("number", "desc")
    .limit(attemptsMax)
    .execute();
  return rows.toReversed().map((row) => ({
    id: idFromBytes(row.attempt_id),
    deliveryId: idFromBytes(row.delivery_id),
    number: row.number,
    code: row.code,
    error: row.error,
    responseStatus: row.response_status,
    responseBody: row.response_body,
    durationMs: row.duration_ms,
    startedAtMs: row.started_at_ms,
  }));
};
