import { idFromBytes } from "../../lib/ids.ts";
import type { AskHeld, Row } from "../held-rows.ts";
import type { SqlValue } from "../statement.ts";
import { isInterrupted } from "../store-error.ts";
import { toBinaryArray } from "./_arrays.ts";
import { askTwice } from "./_ask-twice.ts";
import { type Command, plain } from "./_command.ts";
import { rollBack, unwritten } from "./_settle.ts";
import type { Session } from "./session.ts";

/** A whole table that is locked is no matter of rows, and is found out soon. */
const settings = plain("select set_config('lock_timeout', '250', true), set_config('statement_timeout', '2000', true)");

/** Those that are there and cannot be had at once, for what an update of other columns than the key would do. */
const heldSql = (table: string, columns: readonly string[]): string => {
  const names = columns.join(", ");
  const wanted = `(${names}) in (select * from unnest(${columns.map((_, index) => `$${index + 1}::bytea[]`).join(", ")}))`;
  return `with free as (select ${names} from ${table} where ${wanted} for no key update skip locked)
    select ${names} from ${table} where ${wanted} and (${names}) not in (select ${names} from free)`;
};

const commandOf = (table: string, rows: readonly Row[]): Command => {
  const columns = Object.keys(rows[0]?.key ?? {});
  return {
    text: heldSql(table, columns),
    values: columns.map((column) =>
      toBinaryArray(
        "id",
        rows.map(({ key }) => key[column] ?? null),
      ),
    ),
  };
};

const keyOf = (row: Readonly<Record<string, SqlValue>>): Row["key"] =>
  Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, value instanceof Uint8Array ? idFromBytes(value) : ""]),
  );

/** Asks which rows are held, and holds none itself when it has the answer. */
export const createAskHeld =
  (session: Session): AskHeld =>
  async (rows) => {
    const tables = [...Map.groupBy(rows, ({ table }) => table)];
    const questions = tables.map(([table, own]) => commandOf(table, own));
    // As a batch does: whoever waits for the table would wait here, too.
    const locks = tables.map(([table]) => plain(`lock table ${table} in row exclusive mode`));
    try {
      const answers = await askTwice(session, [
        plain("begin isolation level read committed"),
        settings,
        ...locks,
        ...questions,
        plain("rollback"),
      ]);
      const first = 2 + locks.length;
      return tables.flatMap(([table], index) =>
        (answers[first + index]?.rows ?? []).map((row) => ({ table, key: keyOf(row) })),
      );
    } catch (error) {
      await rollBack(session, session.generation);
      // Nothing was to be written.
      throw isInterrupted(error) ? unwritten(error) : error;
    }
  };
