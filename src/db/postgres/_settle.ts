import { type Clock, wait } from "../../lib/clock.ts";
import type { SqlValue } from "../statement.ts";
import { isInterrupted, StoreError } from "../store-error.ts";
import { askTwice } from "./_ask-twice.ts";
import { type Command, plain } from "./_command.ts";
import type { CommandResult } from "./_round.ts";
import type { Session } from "./session.ts";

/** A transaction's connection, and by what it can be recognised after that broke. */
export type Proof = {
  readonly generation: number;
  readonly transaction: string;
  readonly process: string;
  /** Of the server: from one start or crash to the next. */
  readonly life: string;
};

type Settings = Readonly<Record<string, string>>;

/**
 * Settings are made for each transaction, not for the connection: behind a pooler that gives connections out by
 * transaction, they reach the one that is meant, and leave nothing behind.
 */
const set = (settings: Settings): string =>
  Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', '${value}', true)`)
    .join(", ");

/** A commit that was answered is on disk, and on the standby when there is one that commits wait for. Never set lower. */
const durable = `case when current_setting('synchronous_commit') in ('off', 'local', 'remote_write')
  then set_config('synchronous_commit', 'on', true) end`;

/**
 * Tells apart what a server was before and after it crashed, and a standby that took its place. After a crash, numbers of
 * transactions of which nothing was on disk are given again, to others. The first part changes with each start, the second
 * also when a session's crash has brought the others down (statistics are reset then).
 */
const lifeSql = `concat(extract(epoch from pg_postmaster_start_time()), ' ',
  extract(epoch from pg_stat_get_bgwriter_stat_reset_time()))`;

/** Opens a transaction that can be recognised. `readProof` reads the answer, before the session is asked anything else. */
export const beginCommands = (settings: Settings): readonly Command[] => [
  plain("begin isolation level read committed"),
  {
    text: `select pg_current_xact_id()::text as transaction, pg_backend_pid()::text as process,
      ${lifeSql} as life, ${durable}, ${set(settings)}`,
    values: [],
  },
];

const textOf = (value: SqlValue | undefined): string => (typeof value === "string" ? value : "");

/** Reads the answer to `beginCommands`. */
export const readProof = ({ generation }: Session, [, found]: readonly CommandResult[]): Proof => {
  const row = found?.rows[0];
  return {
    generation,
    transaction: textOf(row?.["transaction"]),
    process: textOf(row?.["process"]),
    life: textOf(row?.["life"]),
  };
};

/** Takes a transaction back. A connection that is gone has done so by itself. */
export const rollBack = async (session: Session, generation: number): Promise<void> => {
  await session.run([plain("rollback")], generation).catch(() => null);
};

const statusSql = `select pg_xact_status($1::text::xid8) as status, ${lifeSql} as life`;

/** Ends the session that still holds the transaction open: its client is gone, and never says what to do with it. */
const endSql = `select pg_terminate_backend(pid) from pg_stat_activity
  where pid = $1::text::integer and backend_xid = $2::text::xid8::xid`;

const lookEveryMs = 50;
const looksMax = 100;

/** Finds out whether a transaction was committed. Null: nobody can tell. */
const outcomeOf = async (
  session: Session,
  clock: Pick<Clock, "after">,
  { transaction, process, life }: Proof,
): Promise<"committed" | "aborted" | null> => {
  for (let look = 0; look < looksMax; look += 1) {
    const [found] = await askTwice(session, [{ text: statusSql, values: [transaction] }]);
    const row = found?.rows[0];
    const status = textOf(row?.["status"]);
    if (status === "aborted") return "aborted";
    // In another life of the server, the number may be that of somebody else's transaction.
    if (textOf(row?.["life"]) !== life) return null;
    if (status === "committed") return "committed";
    if (status !== "in progress") return null;
    await askTwice(session, [{ text: endSql, values: [process, transaction] }]);
    await wait(clock, lookEveryMs);
  }
  return null;
};

/** What a commit goes through. `beside` is asked when the answer was lost. */
export type CommitParts = {
  readonly session: Session;
  readonly beside: Session;
  readonly clock: Pick<Clock, "after">;
};

/**
 * Ends a transaction. When the answer is lost, what became of it is read back from the server. `aborted`: the connection
 * broke, and nothing was written.
 * @throws {StoreError} `interrupted` when nobody can tell.
 */
export const commit = async (
  { session, beside, clock }: CommitParts,
  proof: Proof,
): Promise<"committed" | "aborted"> => {
  let results: readonly CommandResult[];
  try {
    results = await session.run([plain("commit")], proof.generation);
  } catch (error) {
    if (!isInterrupted(error)) throw error;
    const outcome = await outcomeOf(beside, clock, proof).catch(() => null);
    if (outcome === null) throw error;
    return outcome;
  }
  if (results[0]?.tag === "COMMIT") return "committed";
  throw new StoreError("misuse", "a statement of the transaction had failed, so that nothing of it was written");
};

/** Before the commit is sent, a connection that breaks takes its transaction with it: nothing is in doubt. */
export const unwritten = (cause?: unknown): StoreError =>
  new StoreError("unavailable", "the connection to PostgreSQL broke, and nothing was written", { cause });
