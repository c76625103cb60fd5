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
};

/** One step of the schema. Never changed once released: a new step follows it. */
export type Migration = {
  readonly version: number;
  readonly name: string;
  readonly statements: (ddl: Ddl) => readonly string[];
};

/** What a migration run found and did. `backupPath`: the copy of the store as it was; null when none was needed, or made. */
export type Migrated = { readonly fromVersion: number; readonly toVersion: number; readonly backupPath: string | null };
