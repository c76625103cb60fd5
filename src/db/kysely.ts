import {
  type CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type DatabaseIntrospector,
  type Driver,
  Kysely,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
  type QueryResult,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";

import type { OperationResult, SqlValue } from "./statement.ts";
import { StoreError } from "./store-error.ts";

/** Runs one statement somewhere. */
export type RunQuery = (sql: string, parameters: readonly SqlValue[]) => Promise<OperationResult>;

const refuse = (): never => {
  throw new StoreError("misuse", "open transactions with store.write()");
};

const nothingToDo = (): Promise<void> => Promise.resolve();

const toConnection = (run: RunQuery): DatabaseConnection => ({
  executeQuery: async <Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> => {
    // Kysely types parameters as unknown; rooms type their columns with SqlValue.
    const { rows, changes } = await run(sql, parameters as readonly SqlValue[]);
    return { rows: rows as Row[], numAffectedRows: BigInt(changes) };
  },
  streamQuery: refuse,
});

const toDriver = (run: RunQuery): Driver => {
  const connection = toConnection(run);
  return {
    init: nothingToDo,
    acquireConnection: async () => connection,
    releaseConnection: nothingToDo,
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    destroy: nothingToDo,
  };
};

/** Kysely's own adapter for SQLite runs one query at a time: one slow list would hold up all others. */
const adapter: DialectAdapter = {
  supportsMultipleConnections: true,
  supportsReturning: true,
  acquireMigrationLock: refuse,
  releaseMigrationLock: refuse,
};

/** Whose SQL is written. */
export type Flavour = "sqlite" | "postgres";

const toCompiler = (flavour: Flavour): QueryCompiler =>
  flavour === "sqlite" ? new SqliteQueryCompiler() : new PostgresQueryCompiler();

const toIntrospector = (flavour: Flavour, db: Kysely<unknown>): DatabaseIntrospector =>
  flavour === "sqlite" ? new SqliteIntrospector(db) : new PostgresIntrospector(db);

/** Kysely over whatever runs its statements. Transactions are the store's business. */
export const createKysely = (flavour: Flavour, run: RunQuery): Kysely<unknown> =>
  new Kysely({
    dialect: {
      createAdapter: () => adapter,
      createDriver: () => toDriver(run),
      createIntrospector: (db) => toIntrospector(flavour, db),
      createQueryCompiler: () => toCompiler(flavour),
    },
  });
