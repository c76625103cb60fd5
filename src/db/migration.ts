/** The words in which the engines' table definitions differ. */
export type Ddl = {
  /** Bytes of any length. */
  readonly bytes: string;
  /** A whole number up to 2^53. */
  readonly integer: string;
  /** Text that sorts by code point. */
  readonly text: string;
  /** Stores rows in the order of the primary key, where the engine can. Ends a `create table`. */
  readonly clustered: string;
  /** For a table whose rows change soon after they were made. Ends a `create table`, after `clustered`. */
  readonly changing: string;
  /** For a table that grows, and whose rows stay as they are until they are removed. In the place of `changing`. */
  readonly lasting: string;
};

/** An index of a table that is there already. */
export type Index = {
  readonly name: string;
  /** What follows `on`: the table, its columns, and the condition of a partial index. */
  readonly on: string;
};

/** One step of the schema. Never changed once released: a new step follows it. */
export type Migration = {
  readonly version: number;
  readonly name: string;
  /** Run in one transaction. On PostgreSQL nobody writes to a table from when one changes it until the end. */
  readonly statements: (ddl: Ddl) => readonly string[];
  /**
   * Made before the statements, on PostgreSQL outside of their transaction and while everybody goes on writing: an index of a large
   * table belongs here. One of a column that is new belongs into a step of its own.
   */
  readonly indexes?: readonly Index[];
};

/** What a migration run found and did. `backupPath`: the copy of the store as it was; null when none was needed, or made. */
export type Migrated = { readonly fromVersion: number; readonly toVersion: number; readonly backupPath: string | null };
