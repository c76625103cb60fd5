import { inject } from "vitest";

import { databaseUrl, runIn } from "../../harness/postgres.ts";

/** The server of this run; undefined where stores are embedded ones. */
const server = inject("postgres");

/** Whether the stores of this test are databases of a PostgreSQL server. */
export const isPostgres: boolean = server !== undefined;

const made = new Set<string>();

/** PostgreSQL takes 63 bytes. */
const nameOf = (directory: string): string =>
  `test_${directory
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "_")
    .slice(-50)}`;

/** Whether this is a connection to the server of stores, and no business of what is tested. */
export const isToServer = (port: number): boolean => isPostgres && String(port) === new URL(server.url).port;

/** The database that stands for a directory, where tests keep a store under that name. */
export const databaseOf = (directory: string): string => databaseUrl(server.url, nameOf(directory));

/** Makes the database of a directory when there is none. It is dropped when the test's file ends. */
export const ensureDatabase = async (directory: string): Promise<string> => {
  const name = nameOf(directory);
  if (!made.has(name)) {
    made.add(name);
    // Databases are made in other files at the same time, and a copy of the files is fast where nothing is fsynced.
    await runIn(server.url, `create database ${name} template ${server.template} strategy file_copy`);
  }
  return databaseUrl(server.url, name);
};

/** Drops the databases that were made since it was called last. */
export const dropDatabases = async (): Promise<void> => {
  const drops = [...made].map((name) => `drop database ${name} with (force)`);
  made.clear();
  if (drops.length > 0) await runIn(server.url, ...drops);
};

/** Waits until they are gone: who asks before that is not told that nothing was sent. */
const endSessions = (name: string): string =>
  `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`;

/** What a test can do to a database from outside. */
export const databaseFaults = (
  directory: string,
): { breakDown(): Promise<void>; mend(): Promise<void>; kill(): Promise<void> } => {
  const name = nameOf(directory);
  const run = async (...statements: readonly string[]): Promise<void> => {
    await runIn(server.url, ...statements);
  };
  return {
    breakDown: () => run(`alter database ${name} set default_transaction_read_only = on`, endSessions(name)),
    mend: () => run(`alter database ${name} reset default_transaction_read_only`, endSessions(name)),
    kill: () => run(endSessions(name)),
  };
};

const tablesSql = `select relname::text as name from pg_class
  where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'schema_migrations'`;

/** All rows of each table, as JSON, as they were at one moment. */
export const readTables = async (directory: string): Promise<ReadonlyMap<string, string>> => {
  const names = (await runIn(databaseOf(directory), tablesSql)).map(({ name }) => String(name));
  const rows = names.map((name) => `(select coalesce(json_agg(t), '[]')::text from ${name} t) as ${name}`);
  const [found] = await runIn(databaseOf(directory), `select ${rows.join(", ")}`);
  return new Map(names.map((name) => [name, String(found![name])]));
};

/** Makes a database for `to` that holds what that of `from` holds now. */
export const copyDatabase = async (from: string, to: string): Promise<void> => {
  const tables = await readTables(from);
  // The schema came with rows of its own.
  const inserts = [...tables].flatMap(([name, rows]) => [
    `delete from ${name}`,
    `insert into ${name} select * from json_populate_recordset(null::${name}, $rows$${rows}$rows$)`,
  ]);
  await runIn(await ensureDatabase(to), ...inserts);
};
