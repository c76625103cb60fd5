/** What a column can hold. The same on every engine: ids and bodies are bytes, booleans are 0 and 1. */
export type SqlValue = string | number | Uint8Array | null;

/**
 * The type of a bound value. An `id` is bound as its text and stored as its 16 bytes: the engine converts it where it
 * writes, so that the event loop makes no bytes of its own for each of the twenty ids of an event.
 */
export type ColumnType = "id" | "bytes" | "text" | "integer" | "real";

/** The bound columns of a statement, in the order of a row's values. */
export type Columns = Readonly<Record<string, ColumnType>>;

/** Adds rows. */
export type InsertStatement = {
  readonly kind: "insert";
  readonly table: string;
  readonly columns: Columns;
  /** `ignore` keeps the row that is there. Default: a repeated key fails the batch. */
  readonly onConflict?: "ignore";
};

/** Changes the rows whose `match` columns equal the values given. */
export type UpdateStatement = {
  readonly kind: "update";
  readonly table: string;
  /** The columns that name the row. A row's values start with these. */
  readonly match: Columns;
  /** The columns that get new values. */
  readonly set: Columns;
  /** Columns that are computed by the store: SQL that both engines read the same way. */
  readonly compute?: Readonly<Record<string, string>>;
};

/** A statement of its own. */
export type RawStatement = {
  readonly kind: "raw";
  /** With `?` for each value, in SQL that both engines read the same way. It runs once for each row of values. */
  readonly sql: string;
  /**
   * The same for all rows at once, for an engine across a network: PostgreSQL's SQL, which finds the rows in the table
   * `input`, their values in the columns `v1`, `v2`, … Each row of values counts once. Default: `sql`, row by row.
   */
  readonly together?: string;
  /**
   * A table of which the first value of each row is the `id`. Where several processes write, those rows are held before the
   * statement begins, so that it sees what whoever held them has written, in other tables, too.
   */
  readonly holds?: string;
  /** How many of the first values name a row of values; of those with one name, `together` takes the last. Default: all. */
  readonly keyColumns?: number;
  /** The type of each `?`, in order. */
  readonly parameters: readonly ColumnType[];
  /** Whether rows come back (`returning`, or a select). */
  readonly returns: boolean;
};

/** One thing that a batch can do. Made once per kind of write, and used again for every batch. */
export type Statement = InsertStatement | UpdateStatement | RawStatement;

/** A statement and the rows of values that it runs with. Without rows it does nothing. */
export type Operation = {
  readonly statement: Statement;
  readonly rows: readonly (readonly SqlValue[])[];
};

/** What an operation came to: the rows that came back, and how many rows it changed. */
export type OperationResult = { readonly rows: readonly Record<string, SqlValue>[]; readonly changes: number };

/** An insert for batches. Columns are bound in the order in which they are named. */
export const insertStatement = (parts: Omit<InsertStatement, "kind">): InsertStatement => ({
  kind: "insert",
  ...parts,
});

/** An update for batches. Values are bound as `match`, then `set`. */
export const updateStatement = (parts: Omit<UpdateStatement, "kind">): UpdateStatement => ({
  kind: "update",
  ...parts,
});

/** A statement in SQL that is common to the engines, and how an engine runs it for many rows when it can. */
export const rawStatement = (sql: string, parts: Omit<RawStatement, "kind" | "sql">): RawStatement => ({
  kind: "raw",
  sql,
  ...parts,
});
