import type {
  ColumnType,
  InsertStatement,
  Operation,
  RawStatement,
  SqlValue,
  Statement,
  UpdateStatement,
} from "../statement.ts";
import { arrayTypes, toBinaryArray } from "./_arrays.ts";
import type { Command } from "./_command.ts";
import { numberPlaces } from "./_places.ts";
import { toBound } from "./_values.ts";

/** A statement in PostgreSQL's words, and how the rows of a batch become its values. */
type Compiled = { commands(rows: readonly (readonly SqlValue[])[]): readonly Command[] };

type Columns = readonly (readonly [name: string, type: ColumnType])[];

const columnsOf = (columns: Readonly<Record<string, ColumnType>>): Columns => Object.entries(columns);

/**
 * All rows at once: a column of values becomes one array, and the columns are put together again by the server. In a select
 * list they go on row by row; `from unnest(…, …)` would copy each column aside first, a sixth of what a batch takes there.
 */
const inputRows = (types: readonly ColumnType[]): string =>
  `select ${types.map((type, index) => `unnest($${index + 1}::${arrayTypes[type].name}[])`).join(", ")}`;

const names = (types: readonly ColumnType[]): readonly string[] => types.map((_, index) => `v${index + 1}`);

const toArrays = (types: readonly ColumnType[], rows: readonly (readonly SqlValue[])[]): readonly Buffer[] =>
  types.map((type, index) =>
    toBinaryArray(
      type,
      rows.map((row) => row[index] ?? null),
    ),
  );

/** One statement for all rows. */
const together = (
  text: string,
  types: readonly ColumnType[],
  arrange: (rows: readonly (readonly SqlValue[])[]) => readonly (readonly SqlValue[])[] = (rows) => rows,
): Compiled => ({ commands: (rows) => [{ text, values: toArrays(types, arrange(rows)) }] });

const keyOf = (row: readonly SqlValue[], width: number): string =>
  row
    .slice(0, width)
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString("hex") : String(value)))
    .join("/");

/**
 * Rows in the order of their keys, each key once, with what was said of it last: two processes that lock the same rows in
 * two orders would wait for each other, and a key that is named twice would get either value.
 */
const byKey =
  (width: number) =>
  (rows: readonly (readonly SqlValue[])[]): readonly (readonly SqlValue[])[] => {
    const last = new Map(rows.map((row) => [keyOf(row, width), row]));
    return [...last].toSorted(([a], [b]) => Number(a > b) - Number(a < b)).map(([, row]) => row);
  };

const compileInsert = ({ table, columns, onConflict }: InsertStatement): Compiled => {
  const listed = columnsOf(columns);
  const types = listed.map(([, type]) => type);
  const conflict = onConflict === "ignore" ? " on conflict do nothing" : "";
  return together(
    `insert into ${table} (${listed.map(([name]) => name).join(", ")}) ${inputRows(types)}${conflict}`,
    types,
  );
};

const compileUpdate = ({ table, match, set, compute = {} }: UpdateStatement): Compiled => {
  const [matched, changed] = [columnsOf(match), columnsOf(set)];
  const types = [...matched, ...changed].map(([, type]) => type);
  const values = names(types);
  const changes = [
    ...changed.map(([name], index) => `${name} = input.${values[matched.length + index]}`),
    ...Object.entries(compute).map(([name, sql]) => `${name} = ${sql}`),
  ];
  const found = matched.map(([name], index) => `${table}.${name} = input.${values[index]}`);
  return together(
    `update ${table} set ${changes.join(", ")} from (${inputRows(types)}) as input(${values.join(", ")}) where ${found.join(" and ")}`,
    types,
    byKey(matched.length),
  );
};

const idToBound = (type: ColumnType, value: SqlValue): SqlValue =>
  type === "id" && typeof value === "string" ? Buffer.from(value.replaceAll("-", ""), "hex") : value;

/** In the order of ids, as every statement of a batch. Reads all of them, and gives no row. */
const holdText = (table: string, input: string): string =>
  `${input}, held as materialized (
     select ${table}.id from ${table} join input on ${table}.id = input.v1 order by ${table}.id for no key update of ${table}
   ) select count(*) from held having count(*) < 0`;

const compileRaw = ({ sql, together: bulk, holds, parameters, keyColumns }: RawStatement): Compiled => {
  if (bulk !== undefined) {
    const input = `with input(${names(parameters).join(", ")}) as materialized (${inputRows(parameters)})`;
    const arrange = byKey(keyColumns ?? parameters.length);
    const main = together(`${input} ${bulk}`, parameters, arrange);
    if (holds === undefined) return main;
    const hold = together(holdText(holds, input), parameters, arrange);
    return { commands: (rows) => [...hold.commands(rows), ...main.commands(rows)] };
  }
  const text = numberPlaces(sql);
  return {
    commands: (rows) =>
      rows.map((row) => ({
        text,
        values: parameters.map((type, index) => toBound(idToBound(type, row[index] ?? null))),
      })),
  };
};

const compile = (statement: Statement): Compiled => {
  switch (statement.kind) {
    case "insert":
      return compileInsert(statement);
    case "update":
      return compileUpdate(statement);
    case "raw":
      return compileRaw(statement);
  }
};

/** Turns operations into commands. What a statement compiles to is remembered: statements are made once, used for ever. */
export const createCompiler = (): ((operation: Operation) => readonly Command[]) => {
  const known = new WeakMap<Statement, Compiled>();
  return ({ statement, rows }) => {
    if (rows.length === 0) return [];
    const compiled = known.get(statement) ?? compile(statement);
    known.set(statement, compiled);
    return compiled.commands(rows);
  };
};
