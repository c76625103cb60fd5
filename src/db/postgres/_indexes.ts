import { type Clock, wait } from "../../lib/clock.ts";
import type { Index } from "../migration.ts";
import { StoreError } from "../store-error.ts";
import { plain } from "./_command.ts";
import { isRepeatable, sqlStateOf } from "./_failure.ts";
import { rollBack } from "./_settle.ts";
import type { Session } from "./session.ts";

/** What indexes are made through. */
export type IndexParts = {
  readonly session: Session;
  /** Waits for an answer as long as an index of a large table takes. */
  readonly patient: Session;
  readonly clock: Pick<Clock, "after">;
  /** Under it one process migrates at a time. */
  readonly lockSql: string;
};

/** Before it is looked again at what somebody else makes, or at what is in the way. */
const lookEveryMs = 500;

/** Indexes that were begun here and were neither made nor refused, as after a deadlock with somebody else's. */
const triesMax = 10;

/** `left`: it was begun, and nobody makes it any more. */
type State = "missing" | "made" | "being made" | "left";

/**
 * Whoever makes an index of the table may be making this one: which one that is, is told only after a moment, and not to every
 * user.
 */
const stateSql = `select i.indisvalid as is_valid, exists (
    select from pg_stat_progress_create_index p
    where p.datname = current_database() and coalesce(p.relid, i.indrelid) = i.indrelid
  ) as is_being_made
  from pg_class c join pg_index i on i.indexrelid = c.oid
  where c.relname = $1 and c.relnamespace = current_schema()::regnamespace`;

const stateOf = async (session: Session, { name }: Index): Promise<State> => {
  const [result] = await session.run([{ text: stateSql, values: [name] }]);
  const [row] = result?.rows ?? [];
  if (row === undefined) return "missing";
  if (row["is_valid"] === 1) return "made";
  return row["is_being_made"] === 1 ? "being made" : "left";
};

/** Writes wait while it waits for the table, so it does not for long. */
const dropLockMsMax = 200;

/** Removes what was left of an index, unless somebody is making it again by now. */
const dropLeft = async ({ session, lockSql }: IndexParts, index: Index): Promise<void> => {
  try {
    await session.run([plain("begin"), plain(lockSql)]);
    await session.run([plain(`set local lock_timeout = ${dropLockMsMax}`)]);
    if ((await stateOf(session, index)) === "left") await session.run([plain(`drop index ${index.name}`)]);
    await session.run([plain("commit")]);
  } catch (error) {
    await rollBack(session, session.generation);
    if (!isInTheWay(error)) throw error;
  }
};

/** A lock that was not given in time, a deadlock, or an index of the same name that somebody else has just begun. */
const isInTheWay = (error: unknown): boolean =>
  isRepeatable(error) || ["55P03", "42P07", "23505"].includes(sqlStateOf(error) ?? "");

const begin = async ({ patient }: IndexParts, { name, on }: Index): Promise<void> => {
  try {
    // Alone in its round: it is refused within a transaction.
    await patient.run([plain(`create index concurrently if not exists ${name} on ${on}`)]);
  } catch (error) {
    if (!isInTheWay(error)) throw error;
  }
};

/**
 * Makes an index while everybody goes on writing, whoever else makes it at the same time, and after an earlier try was cut off:
 * that leaves an index which is kept up and never used.
 * @throws {StoreError} when it cannot be made.
 */
export const ensureIndex = async (parts: IndexParts, index: Index): Promise<void> => {
  for (let tries = 0; tries < triesMax;) {
    switch (await stateOf(parts.session, index)) {
      case "made":
        return;
      case "missing":
        tries += 1;
        await begin(parts, index);
        break;
      case "left":
        await dropLeft(parts, index);
        await wait(parts.clock, lookEveryMs);
        break;
      case "being made":
        await wait(parts.clock, lookEveryMs);
        break;
    }
  }
  throw new StoreError("unavailable", `the index ${index.name} was begun ${triesMax} times and never made; try again`);
};
