import { type Id, idToBytes } from "../../lib/ids.ts";
import { nodeLockSql } from "../fence.ts";
import { type Command, plain } from "./_command.ts";
import { exclusiveSql, sharedSql } from "./_locks.ts";
import type { CommandResult } from "./_round.ts";

/** What has to be so when a batch commits. */
export type Conditions = {
  /** The version of what it was drafted from. Null: unknown, so that it cannot be written. Undefined: it went by nothing. */
  readonly routing: number | null | undefined;
  /** Whether it makes a new version. */
  readonly grows: boolean;
  /** The row in `nodes` that has to be there. Null: none. */
  readonly node: Id | null;
};

/** Commands of a guard. */
export const guardCommandsCount = 2;

const memberSql = "exists (select from nodes where id = $1::bytea) as member";
const versionSql = "from versions where name = 'routing'";
const growSql = "update versions set version = version + 1 where name = 'routing' returning version - 1 as version";

/**
 * Takes the locks under which the conditions hold until the commit, and then, with a snapshot that is younger than these, reads
 * whether they do: whoever changes what the batch was drafted from, or removes its node, waits for it, or was there before.
 */
export const guardCommands = ({ grows, node }: Conditions): readonly Command[] => {
  const lock = grows ? exclusiveSql("routing") : sharedSql("routing");
  if (node === null) return [plain(`select ${lock}`), plain(grows ? growSql : `select version ${versionSql}`)];
  const values = [Buffer.from(idToBytes(node))];
  return [
    { text: `select ${lock}, pg_advisory_xact_lock_shared(${nodeLockSql("$1::bytea")})`, values },
    { text: grows ? `${growSql}, ${memberSql}` : `select version, ${memberSql} ${versionSql}`, values },
  ];
};

/** Reads the answer to `guardCommands`: which version counts now, and whether the node is gone. */
export const readGuard = ([, found]: readonly CommandResult[]): {
  readonly routing: number;
  readonly isFenced: boolean;
} => {
  const row = found?.rows[0];
  return { routing: Number(row?.["version"]), isFenced: row?.["member"] === 0 };
};
