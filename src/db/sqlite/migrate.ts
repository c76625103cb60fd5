import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { Ddl, Migrated, Migration } from "../migration.ts";
import { StoreError } from "../store-error.ts";

const ddl: Ddl = {
  bytes: "blob",
  integer: "integer",
  text: "text",
  clustered: " without rowid",
  changing: "",
  lasting: "",
};

const versionOf = (database: DatabaseSync): number => {
  const known = database.prepare("select 1 from sqlite_schema where name = 'schema_migrations'").get();
  if (known === undefined) return 0;
  return Number(database.prepare("select max(version) as version from schema_migrations").get()?.["version"] ?? 0);
};

/** A page size or vacuum mode is only taken before the first table is made; without the latter a file never shrinks. */
const prepareEmpty = (database: DatabaseSync): void => {
  database.exec("pragma page_size = 8192; pragma auto_vacuum = incremental; pragma journal_mode = wal");
  database.exec(
    "create table schema_migrations (version integer primary key, name text not null, applied_at_ms integer not null)",
  );
};

const syncPath = (path: string): void => {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
};

/**
 * A copy of the store as it is now, in place of an earlier one from the same version: that may be long out of date, when
 * somebody went back to it and worked on. It gets its name when it is whole and on disk.
 */
const backUp = (database: DatabaseSync, path: string, version: number): string => {
  const backupPath = `${path}.before-migration-from-${version}`;
  const unfinished = `${backupPath}.unfinished`;
  rmSync(unfinished, { force: true });
  database.prepare("vacuum into ?").run(unfinished);
  syncPath(unfinished);
  renameSync(unfinished, backupPath);
  syncPath(dirname(backupPath));
  return backupPath;
};

const apply = (database: DatabaseSync, { version, name, statements, indexes = [] }: Migration, nowMs: number): void => {
  try {
    for (const index of indexes) database.exec(`create index ${index.name} on ${index.on}`);
    for (const statement of statements(ddl)) database.exec(statement);
    database
      .prepare("insert into schema_migrations (version, name, applied_at_ms) values (?, ?, ?)")
      .run(version, name, nowMs);
  } catch (cause) {
    throw new StoreError("other", `migration ${version} (${name}) failed and was rolled back`, { cause });
  }
};

/** All steps or none: what fails leaves the store as its program knows it. */
const applyAll = (database: DatabaseSync, pending: readonly Migration[], nowMs: number): void => {
  if (pending.length === 0) return;
  database.exec("begin exclusive");
  try {
    for (const migration of pending) apply(database, migration, nowMs);
    database.exec("commit");
  } finally {
    if (database.isTransaction) database.exec("rollback");
  }
};

/**
 * Brings the store at `path` to the newest schema, after a backup beside it. Makes the store when there is none.
 * @throws {StoreError} when the store was made by a newer version, which this one could only damage.
 */
export const migrate = (path: string, migrations: readonly Migration[], nowMs: number): Migrated => {
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    const newest = migrations.at(-1)?.version ?? 0;
    const isEmpty = database.prepare("select count(*) as count from sqlite_schema").get()?.["count"] === 0;
    if (isEmpty) prepareEmpty(database);
    const fromVersion = versionOf(database);
    if (fromVersion > newest) {
      throw new StoreError(
        "misuse",
        `the store has schema version ${fromVersion} and this program knows ${newest}; run the newer version, or restore a backup`,
      );
    }
    const pending = migrations.filter(({ version }) => version > fromVersion);
    const backupPath = fromVersion > 0 && pending.length > 0 ? backUp(database, path, fromVersion) : null;
    applyAll(database, pending, nowMs);
    return { fromVersion, toVersion: newest, backupPath };
  } finally {
    database.close();
  }
};
