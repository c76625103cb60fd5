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

type Form = { readonly alone: string; readonly member: string };

/** Made once: each batch has one of these, and a text that is there already is found faster among those that are prepared. */
const formsOf = (text: (isMember: boolean) => string): Form => ({ alone: text(false), member: text(true) });

const valuesOf = ({ node }: Conditions): readonly Buffer[] => (node === null ? [] : [Buffer.from(idToBytes(node))]);

const pick = (forms: Record<"looks" | "grows", Form>, { grows, node }: Conditions): string =>
  forms[grows ? "grows" : "looks"][node === null ? "alone" : "member"];

const memberLockSql = `pg_advisory_xact_lock_shared(${nodeLockSql(`$${lockValuesAt}::bytea`)})`;

const lockForms = (routing: string): Form =>
  formsOf((isMember) => (isMember ? `${routing}, ${memberLockSql}` : routing));

const locks = { looks: lockForms(sharedSql("routing")), grows: lockForms(exclusiveSql("routing")) };

/** The locks under which the conditions hold until the commit: whoever wants to change what they are about waits, or was there before. */
export const guardLocks = (conditions: Conditions): Locks => ({
  sql: pick(locks, conditions),
  values: valuesOf(conditions),
});

const objections: Readonly<Record<Objection, string>> = {
  outdated: "drafted by what was true before version ",
  fenced: "drafted by a node that is gone since version ",
};

/** 0, or an error: a text is no number. It ends the transaction where it stands, and the commit behind it is not heard. */
const orObject = (holds: string, objection: Objection): string =>
  `case when ${holds} then 0 else cast('${objections[objection]}' || version as integer) end`;

const isMemberSql = orObject("exists (select from nodes where id = $2::bytea)", "fenced");
const isCurrentSql = orObject("$1 in ('', version::text)", "outdated");

const checksOf = (isMember: boolean): string => (isMember ? `${isMemberSql} + ${isCurrentSql}` : isCurrentSql);

/**
 * How long the statements behind the guard wait for a row, or a table: who holds it is asked then. It is longer than a migration
 * stands before them (3 s), and twice of it is less than a statement's time: the second who waits for a row waits for the first, too.
 * The locks before the guard are waited for as long as a transaction may.
 */
const rowMsMax = 4_000;

const waitSql = `set_config('lock_timeout', '${rowMsMax}', true)`;

const checks = {
  looks: formsOf((isMember) => `select ${checksOf(isMember)}, ${waitSql} from versions where name = 'routing'`),
  grows: formsOf(
    (isMember) =>
      `update versions set version = version + 1 + ${checksOf(isMember)} where name = 'routing' returning ${waitSql}`,
  ),
};

/**
 * Looks whether the conditions hold, with a snapshot that is younger than the locks. In the round trip that ends with the
 * commit: nobody is there to look at an answer, so that what does not hold is an error.
 */
export const guardCommand = (conditions: Conditions): Command => ({
  text: pick(checks, conditions),
  values: [String(conditions.routing ?? ""), ...valuesOf(conditions)],
});

const notANumber = "22P02";

/** Reads from an error whether it is the guard's. */
export const readObjection = (error: unknown): Objection | null => {
  if (sqlStateOf(error) !== notANumber) return null;
  const message = error instanceof Error ? error.message : "";
  if (message.includes(objections.fenced)) return "fenced";
  return message.includes(objections.outdated) ? "outdated" : null;
};
