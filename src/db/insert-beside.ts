import { type Columns, type RawStatement, rawStatement } from "./statement.ts";

/** An insert that looks at another table: each row is added when that one has a row for it. */
export type InsertBeside = {
  readonly table: string;
  /** What is bound and inserted. */
  readonly columns: Columns;
  /** How many of the first columns name a row. Default: 1. */
  readonly nameColumns?: number;
  /** What is bound beside, for the expressions below. Values come as `columns`, then these. */
  readonly given: Columns;
  /** The other table, and its name in the expressions: `dedup_keys k`. */
  readonly beside: string;
  /** Which of its rows: SQL that both engines read, with `:name` for a bound value. */
  readonly on: string;
  /** Columns that get something other than the bound value of that name. SQL as in `on`. */
  readonly compute?: Readonly<Record<string, string>>;
};

/** Makes such an insert for batches. It sees what the statements before it in its batch wrote. */
export const insertBeside = ({
  table,
  columns,
  nameColumns = 1,
  given,
  beside,
  on,
  compute = {},
}: InsertBeside): RawStatement => {
  const bound = { ...columns, ...given };
  const names = Object.keys(bound);
  const inserted = Object.keys(columns);
  const write = (placeOf: (index: number) => string, from: string): string => {
    const fill = (sql: string): string => sql.replaceAll(/:(\w+)/g, (_, name: string) => placeOf(names.indexOf(name)));
    const values = inserted.map((name) => fill(compute[name] ?? `:${name}`));
    return `insert into ${table} (${inserted.join(", ")}) select ${values.join(", ")} from ${from} where ${fill(on)}`;
  };
  return rawStatement(
    write((index) => `?${index + 1}`, beside),
    {
      together: write((index) => `input.v${index + 1}`, `input, ${beside}`),
      parameters: Object.values(bound),
      keyColumns: nameColumns,
      returns: false,
    },
  );
};
