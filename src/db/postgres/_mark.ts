import type { SqlValue } from "../statement.ts";
import { type Command, plain } from "./_command.ts";
import type { Bound } from "./_values.ts";

/** By what a transaction can be recognised after its connection broke. */
export type Mark = {
  /** Of its session: a connection that is opened again is another one. */
  readonly generation: number;
  /** The connection's name: a whole number of 64 bits that no other connection has. */
  readonly connection: string;
  /** Which one of the connection's transactions it is. They come one after the other. */
  readonly number: number;
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
export const durableSql = `case when current_setting('synchronous_commit') in ('off', 'local', 'remote_write')
  then set_config('synchronous_commit', 'on', true) end`;

/** The number of a connection of which nothing is written any more. */
const takenBack = -1;

const addSql = (number: string): string =>
  `insert into commits as known (connection, number, written_at_s)
   values ($1::bigint, ${number}, extract(epoch from now())::bigint) on conflict (connection) do update`;

/**
 * Writes the mark, which becomes visible with the transaction. One that was taken back meanwhile fails: a text is no number.
 * The lock tells which session it is that still has the transaction.
 */
const markSql = (settings: Settings, locks: readonly string[]): string =>
  `with marked as (${addSql("$2::bigint")} set written_at_s = excluded.written_at_s, number =
     case when known.number >= 0 then excluded.number else cast('taken back: ' || known.number as integer) end)
   select ${[set(settings), durableSql, "pg_advisory_xact_lock_shared($1::bigint)", ...locks].join(", ")}`;

/** What a transaction locks before anything else: calls of functions, and the values in them, from `$3` on. */
export type Locks = { readonly sql: string; readonly values: readonly Bound[] };

/** The number of the first value of `Locks`. */
export const lockValuesAt = 3;

const begin: Command = plain("begin isolation level read committed");

/** Makes the commands that open a transaction which can be recognised. */
export const marking = (settings: Settings): ((mark: Mark, locks?: Locks) => readonly Command[]) => {
  const texts = new Map<string, string>();
  return ({ connection, number }, locks) => {
    const text = texts.get(locks?.sql ?? "") ?? markSql(settings, locks === undefined ? [] : [locks.sql]);
    texts.set(locks?.sql ?? "", text);
    return [begin, { text, values: [connection, String(number), ...(locks?.values ?? [])] }];
  };
};

/** How many commands `marking` makes. */
export const markCommandsCount = 2;

/** Whoever has the transaction still is given that long to end it. */
const lockMsMax = 200;

/**
 * Takes a transaction back unless it was committed, and tells which: from then on, a server that has not come to it yet
 * does not write it any more. It writes in either case, so that where commits wait for a standby, this one waits behind the
 * other, whose own wait may have been cut short. May be asked twice.
 */
export const takeBackCommands = ({ connection, number }: Mark): readonly Command[] => [
  plain(`select set_config('lock_timeout', '${lockMsMax}', true), ${durableSql}`),
  {
    text: `${addSql(String(takenBack))} set number =
      case when known.number < $2::bigint then ${takenBack} else known.number end`,
    values: [connection, String(number)],
  },
  { text: "select number from commits where connection = $1::bigint", values: [connection] },
];

/** Reads the answer to `takeBackCommands`. Null: it is none. */
export const readTakenBack = (number: SqlValue | undefined): "committed" | "aborted" | null => {
  if (typeof number !== "number") return null;
  return number === takenBack ? "aborted" : "committed";
};

/** Ends the session that still has the transaction: its client is gone, and never says what to do with it. */
export const endHolderCommand = ({ connection }: Mark): Command => ({
  text: `select pg_terminate_backend(pid) from pg_locks
    where locktype = 'advisory' and objsubid = 1 and (classid::bigint << 32) | objid::bigint = $1::bigint
      and database = (select oid from pg_database where datname = current_database())`,
  values: [connection],
});

/** Removes the marks of connections that are long gone, and that nobody asks for. */
export const removeOldMarksCommand: Command = plain(
  "delete from commits where written_at_s < extract(epoch from now())::bigint - 24 * 60 * 60",
);
