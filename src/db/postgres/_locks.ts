import type { Kept } from "../kept.ts";
import { type Command, plain } from "./_command.ts";

/** Any numbers, the same in every version of the program. */
const lockKeys: Readonly<Record<Kept, string>> = {
  routing: "7238114950216",
  access: "7238114950217",
  replays: "7238114950218",
};

/** For a transaction that changes what others keep: it waits for those that go by it, and they for it. */
export const exclusiveSql = (kept: Kept): string => `pg_advisory_xact_lock(${lockKeys[kept]})`;

/** For a transaction that goes by what is kept: until it ends, nobody changes that. */
export const sharedSql = (kept: Kept): string => `pg_advisory_xact_lock_shared(${lockKeys[kept]})`;

/**
 * Begins a change. Its lock comes before all others, or a batch that holds its share would wait for rows that this changed.
 * Under the lock nobody else reads the version as it counts, so that it may as well grow here, without a round trip of its own.
 */
export const changeCommands = (kept: Kept): readonly [lock: Command, grow: Command] => [
  plain(`select ${exclusiveSql(kept)}`),
  plain(`update versions set version = version + 1 where name = '${kept}' returning version`),
];

/** Begins a look at what is kept. The versions come from a statement of their own: one's snapshot is older than its locks. */
export const lookCommands = (kepts: readonly Kept[]): readonly [lock: Command, read: Command] => [
  plain(`select ${kepts.map(sharedSql).join(", ")}`),
  plain(versionsSql),
];

/** Every version. */
export const versionsSql = "select name, version from versions";
