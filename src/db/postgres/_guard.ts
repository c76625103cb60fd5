import { type Id, idToBytes } from "../../lib/ids.ts";
import { nodeLockSql } from "../fence.ts";
import type { Command } from "./_command.ts";
import { sqlStateOf } from "./_failure.ts";
import { exclusiveSql, sharedSql } from "./_locks.ts";
import { type Locks, lockValuesAt } from "./_mark.ts";

/** What has to be so when a batch commits. */
export type Conditions = {
  /** The version of what it was drafted from. Null: unknown, so that it cannot be written. Undefined: it went by nothing. */
  readonly routing: number | null | undefined;
  /** Whether it makes a new version. */
  readonly grows: boolean;
  /** The row in `nodes` that has to be there. Null: none. */
  readonly node: Id | null;
};

/** Why a batch was not written. */
export type Objection = "outdated" | "fenced";

const bytesOf = (node: Id): Buffer => Buffer.from(idToBytes(node));

/** The locks under which the conditions hold until the commit: whoever wants to change what they are about waits, or was there before. */
export const guardLocks = ({ grows, node }: Conditions): Locks => {
  const routing = grows ? exclusiveSql("routing") : sharedSql("routing");
  if (node === null) return { sql: routing, values: [] };
  const member = `pg_advisory_xact_lock_shared(${nodeLockSql(`$${lockValuesAt}::bytea`)})`;
  return { sql: `${routing}, ${member}`, values: [bytesOf(node)] };
};

const objections: Readonly<Record<Objection, string>> = {
  outdated: "drafted by what was true before version ",
  fenced: "drafted by a node that is gone since version ",
};

/** 0, or an error: a text is no number. It ends the transaction where it stands, and the commit behind it is not heard. */
const orObject = (holds: string, objection: Objection): string =>
  `case when ${holds} then 0 else cast('${objections[objection]}' || version as integer) end`;

/**
 * Looks whether the conditions hold, with a snapshot that is younger than the locks. In the round trip that ends with the
 * commit: nobody is there to look at an answer, so that what does not hold is an error.
 */
export const guardCommand = ({ routing, grows, node }: Conditions): Command => {
  const drafted = String(routing ?? "");
  const checks = [
    ...(node === null ? [] : [orObject("exists (select from nodes where id = $2::bytea)", "fenced")]),
    orObject(routing === undefined ? "$1 = ''" : "version = $1::text::bigint", "outdated"),
  ].join(" + ");
  const text = grows
    ? `update versions set version = version + 1 + ${checks} where name = 'routing'`
    : `select ${checks} from versions where name = 'routing'`;
  return { text, values: node === null ? [drafted] : [drafted, bytesOf(node)] };
};

const notANumber = "22P02";

/** Reads from an error whether it is the guard's. */
export const readObjection = (error: unknown): Objection | null => {
  if (sqlStateOf(error) !== notANumber) return null;
  const message = error instanceof Error ? error.message : "";
  if (message.includes(objections.fenced)) return "fenced";
  return message.includes(objections.outdated) ? "outdated" : null;
};
