import { DatabaseError } from "pg";

import { StoreError, type StoreErrorCode } from "../store-error.ts";

/** Classes of SQLSTATE, and single ones where they differ (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const codes: Readonly<Record<string, StoreErrorCode>> = {
  "08": "unavailable", // the connection
  "22": "constraint", // a value that its type cannot hold
  "23": "constraint",
  "25006": "unavailable", // a standby, or a database that was made read-only
  "28": "unavailable", // who may connect was changed
  "3D000": "unavailable", // no such database: it is being restored
  "40": "unavailable", // a deadlock or a conflict, again and again
  "53": "unavailable", // no disk, no memory, no connections left
  "55P03": "unavailable", // a lock that was not given in time
  "57": "unavailable", // shut down, starting, cancelled by a time limit
  "58": "unavailable", // I/O
  XX001: "unavailable",
  XX002: "unavailable",
};

/** The SQLSTATE of what the server refused, or of what we made of it. */
export const sqlStateOf = (error: unknown): string | null => {
  const said = error instanceof StoreError ? error.cause : error;
  return said instanceof DatabaseError ? (said.code ?? null) : null;
};

/** Whether the server said it itself, in a session that may go on. */
export const isSaid = (error: unknown): error is DatabaseError => error instanceof DatabaseError;

/** Whether the session is over, so that what was under way is unknown. A round makes no `DatabaseError` of what ends it. */
export const endsSession = (error: unknown): boolean => !isSaid(error);

const codeOf = (error: unknown): StoreErrorCode => {
  const state = sqlStateOf(error);
  if (state === null) return "unavailable";
  return codes[state] ?? codes[state.slice(0, 2)] ?? "other";
};

const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return error instanceof Error ? error.message : String(error);
};

/** Our name for a failure of PostgreSQL, or of the way to it. */
export const toStoreError = (cause: unknown): StoreError =>
  cause instanceof StoreError ? cause : new StoreError(codeOf(cause), `PostgreSQL: ${messageOf(cause)}`, { cause });

const places = new WeakMap<DatabaseError, number>();

/** Keeps in mind which command of its round the server refused. */
export const placeAt = (error: DatabaseError, command: number): void => void places.set(error, command);

/** Which command of its round waited for too long for what others hold. Null: that is not why it was refused. */
export const heldAt = (error: unknown): number | null => {
  const said = error instanceof StoreError ? error.cause : error;
  return said instanceof DatabaseError && said.code === "55P03" ? (places.get(said) ?? null) : null;
};

/** Deadlocks and conflicts: the same again may succeed at once. */
const repeatable: ReadonlySet<string | null> = new Set(["40P01", "40001"]);

/** Whether the same again may succeed at once. */
export const isRepeatable = (error: unknown): boolean => repeatable.has(sqlStateOf(error));

/** A prepared statement that is gone, or whose table has changed since. A new connection knows no old statements. */
const stale: ReadonlySet<string | null> = new Set(["26000", "0A000", "42P05"]);

/** Whether the connection's prepared statements cannot be used any more. */
export const isStale = (error: unknown): boolean => stale.has(sqlStateOf(error));

/** Whether the server takes no writes on this connection: it is a standby, or the session began while the database was read-only. */
export const isReadOnly = (error: unknown): boolean => sqlStateOf(error) === "25006";
