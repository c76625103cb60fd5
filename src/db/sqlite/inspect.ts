import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Kysely } from "kysely";

import { createKysely } from "../kysely.ts";
import { migrations } from "../migrations.ts";
import type { SqlValue } from "../statement.ts";
import { StoreError } from "../store-error.ts";
import type { Store } from "../store.ts";
import { type Connection, openConnection } from "./connection.ts";

const busyTimeoutMs = 5000;
const rowsMax = 1_000;

/** A look at a store from outside. It changes nothing, and disturbs no server that runs on it. */
export type StoreInspection = {
  readonly schemaVersion: number;
  /** The schema that this program would bring it to. */
  readonly schemaVersionNewest: number;
  /** When the schema was last changed, in wall time. Null when there is none. */
  readonly migratedAtMs: number | null;
  /** What SQLite finds damaged, at most ten sentences. It reads the whole file: seconds for each gigabyte. */
  findDamage(): readonly string[];
  readonly store: Pick<Store, "lookup">;
  close(): void;
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const readAll = (connection: Connection, sql: string): readonly Record<string, SqlValue>[] =>
  connection.answer({ kind: "query", sql, parameters: [], rowsMax }).rows;

const readSchema = (connection: Connection): Pick<StoreInspection, "schemaVersion" | "migratedAtMs"> => {
  const known = readAll(connection, "select 1 from sqlite_schema where name = 'schema_migrations'");
  if (known.length === 0) return { schemaVersion: 0, migratedAtMs: null };
  const [row] = readAll(connection, "select max(version) as version, max(applied_at_ms) as at from schema_migrations");
  return { schemaVersion: Number(row?.["version"] ?? 0), migratedAtMs: Number(row?.["at"] ?? 0) };
};

const findDamage = (connection: Connection): readonly string[] => {
  try {
    const found = readAll(connection, "pragma quick_check(10)").map((row) => String(row["quick_check"]));
    return found.filter((sentence) => sentence !== "ok");
  } catch (error) {
    return [messageOf(error)];
  }
};

/** Opens the store of a directory for reading only. Null when there is none. @throws {StoreError} */
export const inspectSqlite = (directory: string): StoreInspection | null => {
  const path = join(directory, "postern.db");
  if (!existsSync(path)) return null;
  try {
    const connection = openConnection({ path, readOnly: true, busyTimeoutMs });
    const kysely = createKysely("sqlite", async (sql, parameters) =>
      connection.answer({ kind: "query", sql, parameters, rowsMax }),
    );
    return {
      ...readSchema(connection),
      schemaVersionNewest: migrations.at(-1)?.version ?? 0,
      findDamage: () => findDamage(connection),
      // Rooms type their own tables; the connection is the same for all.
      store: { lookup: <Tables>() => kysely as Kysely<Tables> },
      close: () => connection.close(),
    };
  } catch (cause) {
    throw new StoreError("unavailable", `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
};

/** Whether a process holds the lock of a directory. Only looks: it does not take the lock, not even for a moment. */
export const isLocked = (directory: string): boolean => {
  const path = join(directory, "lock.db");
  if (!existsSync(path)) return false;
  const database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
  try {
    database.prepare("select count(*) from sqlite_schema").get();
    return false;
  } catch {
    return true;
  } finally {
    database.close();
  }
};
