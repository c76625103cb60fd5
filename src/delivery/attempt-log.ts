import { insertStatement, type Operation, type SqlValue } from "../db/statement.ts";
import type { Store } from "../db/store.ts";
import type { Headers } from "../lib/headers.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import { clip, storable } from "../lib/text.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { DeliveryTables } from "./_rows.ts";
import type { AttemptCode } from "./outcome.ts";

/** What was sent and answered, as a person may see it. */
export type Exchange = {
  readonly method: string;
  readonly url: string;
  /** Our own credentials are `[redacted]`. */
  readonly requestHeaders: Headers;
  readonly requestBytes: number;
  /** As many as fit. Null: there was no answer. */
  readonly responseHeaders: Headers | null;
};

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
  /** Null: it is not kept of this destination, or nothing was sent. */
  readonly exchange: Exchange | null;
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
    request_method: "text",
    request_url: "text",
    request_headers: "bytes",
    request_bytes: "integer",
    response_headers: "bytes",
  },
  // The commit of an outcome may be repeated when its answer was lost.
  onConflict: "ignore",
});

const headerBytesMax = 8_192;

/** As JSON; those at the end that do not fit are left out. */
const headerBytes = (headers: Headers): Buffer => {
  let room = headerBytesMax;
  const fitting = headers.filter(([name, value]) => {
    room -= name.length + value.length;
    return room >= 0;
  });
  return Buffer.from(JSON.stringify(fitting));
};

const noExchange = [null, null, null, null, null] as const;

const exchangeColumns = (exchange: Exchange | null): readonly SqlValue[] => {
  if (exchange === null) return noExchange;
  const { method, url, requestHeaders, requestBytes, responseHeaders } = exchange;
  return [
    method,
    url,
    headerBytes(requestHeaders),
    requestBytes,
    responseHeaders === null ? null : headerBytes(responseHeaders),
  ];
};

const readHeaders = (bytes: Uint8Array): Headers =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `headerBytes` alone
  JSON.parse(Buffer.from(bytes).toString()) as Headers;

const readExchange = (row: DeliveryTables["attempts"]): Exchange | null => {
  const { request_method: method, request_url: url, request_headers, request_bytes } = row;
  if (method === null || url === null || request_headers === null) return null;
  return {
    method,
    url,
    requestHeaders: readHeaders(request_headers),
    requestBytes: request_bytes ?? 0,
    responseHeaders: row.response_headers === null ? null : readHeaders(row.response_headers),
  };
};

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
    ...exchangeColumns(attempt.exchange),
  ]),
});

/** An attempt from its row. */
export const toAttempt = (row: DeliveryTables["attempts"]): Attempt => ({
  id: idFromBytes(row.attempt_id),
  deliveryId: idFromBytes(row.delivery_id),
  number: row.number,
  code: row.code,
  error: row.error,
  responseStatus: row.response_status,
  responseBody: row.response_body,
  durationMs: row.duration_ms,
  startedAtMs: row.started_at_ms,
  exchange: readExchange(row),
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
  return rows.toReversed().map(toAttempt);
};
