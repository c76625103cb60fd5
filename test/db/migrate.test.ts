import { copyFileSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, test } from "vitest";

import type { Migration } from "../../src/db/migration.ts";
import { migrations } from "../../src/db/migrations.ts";
import { migrate } from "../../src/db/sqlite/migrate.ts";
import { freshDirectory } from "../support/store.ts";

const nowMs = 1_800_000_000_000;
const newPath = (): string => join(freshDirectory(), "postern.db");

const step = (version: number, ...statements: string[]): Migration => ({
  version,
  name: `step ${version}`,
  statements: () => statements,
});
const first = step(1, "create table marks (mark integer not null)");
const second = step(2, "alter table marks add column name text", "update marks set name = 'mark ' || mark");
const third = step(3, "create table names (name text)");

const withDatabase = <T>(path: string, use: (database: DatabaseSync) => T): T => {
  using database = new DatabaseSync(path);
  return use(database);
};
const rowsOf = (path: string, sql: string): unknown[] =>
  withDatabase(path, (database) =>
    database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row })),
  );
const run = (path: string, sql: string): void => withDatabase(path, (database) => database.exec(sql));
const versionsOf = (path: string): unknown[] =>
  rowsOf(path, "select version, name, applied_at_ms from schema_migrations");

test("a step's indexes are made with it", () => {
  const path = newPath();
  const indexed: Migration = { ...step(2), indexes: [{ name: "marks_by_mark", on: "marks (mark)" }] };
  migrate(path, [first, indexed], nowMs);
  expect(rowsOf(path, "select name from sqlite_schema where type = 'index'")).toEqual([{ name: "marks_by_mark" }]);
});

test("a new store gets every step, and no backup", () => {
  const path = newPath();
  expect(migrate(path, [first, second], nowMs)).toEqual({ fromVersion: 0, toVersion: 2, backupPath: null });
  expect(versionsOf(path)).toEqual([
    { version: 1, name: "step 1", applied_at_ms: nowMs },
    { version: 2, name: "step 2", applied_at_ms: nowMs },
  ]);
});

test("the shipped schema is made in one go, and a second start changes nothing", () => {
  const path = newPath();
  const newest = migrations.at(-1)!.version;
  expect(migrate(path, migrations, nowMs).toVersion).toBe(newest);
  const before = rowsOf(path, "select name, sql from sqlite_schema order by name");
  expect(migrate(path, migrations, nowMs + 1)).toEqual({ fromVersion: newest, toVersion: newest, backupPath: null });
  expect(rowsOf(path, "select name, sql from sqlite_schema order by name")).toEqual(before);
  expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
});

test("an older store is brought up to date, after a backup of what it was", () => {
  const path = newPath();
  migrate(path, [first], nowMs);
  run(path, "insert into marks values (1), (2)");
  const backupPath = `${path}.before-migration-from-1`;
  expect(migrate(path, [first, second, third], nowMs)).toEqual({ fromVersion: 1, toVersion: 3, backupPath });
  expect(rowsOf(path, "select * from marks")).toEqual([
    { mark: 1, name: "mark 1" },
    { mark: 2, name: "mark 2" },
  ]);
  expect(rowsOf(backupPath, "select * from marks")).toEqual([{ mark: 1 }, { mark: 2 }]);
  expect(versionsOf(backupPath)).toHaveLength(1);
});

test("the backup is of this migration, also when an earlier one from the same version left its own", () => {
  const path = newPath();
  migrate(path, [first], nowMs);
  run(path, "insert into marks values (1)");
  const { backupPath } = migrate(path, [first, second], nowMs);
  // Somebody goes back to the older program, works on with it, and tries again later.
  rmSync(path);
  copyFileSync(backupPath!, path);
  run(path, "insert into marks values (2)");
  expect(migrate(path, [first, second], nowMs)).toMatchObject({ fromVersion: 1, backupPath });
  expect(rowsOf(backupPath!, "select mark from marks")).toEqual([{ mark: 1 }, { mark: 2 }]);
});

test("a backup that was cut off half-way is made anew", () => {
  const path = newPath();
  migrate(path, [first], nowMs);
  run(path, "insert into marks values (1)");
  const backupPath = `${path}.before-migration-from-1`;
  writeFileSync(`${backupPath}.unfinished`, "half of a ba");
  expect(migrate(path, [first, second], nowMs).backupPath).toBe(backupPath);
  expect(rowsOf(backupPath, "select mark from marks")).toEqual([{ mark: 1 }]);
  expect(existsSync(`${backupPath}.unfinished`)).toBe(false);
});

test("a step that fails leaves the store as it was before all steps, with the backup beside it", () => {
  const path = newPath();
  migrate(path, [first], nowMs);
  run(path, "insert into marks values (1)");
  const broken = step(3, "alter table marks add column note text", "insert into nowhere values (1)");
  expect(() => migrate(path, [first, second, broken], nowMs)).toThrow(
    expect.objectContaining({ name: "StoreError", message: "migration 3 (step 3) failed and was rolled back" }),
  );
  expect(rowsOf(path, "select * from marks")).toEqual([{ mark: 1 }]);
  expect(versionsOf(path)).toHaveLength(1);
  expect(existsSync(`${path}.before-migration-from-1`)).toBe(true);
  expect(migrate(path, [first, second], nowMs)).toMatchObject({ fromVersion: 1, toVersion: 2 });
});

test("a store of a newer program is refused, untouched, with what to do about it", () => {
  const path = newPath();
  migrate(path, [first, second, third], nowMs);
  expect(() => migrate(path, [first, second], nowMs)).toThrow(
    expect.objectContaining({
      name: "StoreError",
      code: "misuse",
      message: "the store has schema version 3 and this program knows 2; run the newer version, or restore a backup",
    }),
  );
  expect(versionsOf(path)).toHaveLength(3);
});

test("a source that was off before there were more states stores and does not forward: it is paused", () => {
  const path = newPath();
  const before = migrations.filter(({ version }) => version <= 2);
  migrate(path, before, nowMs);
  const columns = "id, team_id, env_id, kind, dialect, name, ingest_slug, slug, provider";
  for (const [slug, enabled] of [
    ["on", 1],
    ["off", 0],
  ] as const) {
    const values = `x'', x'', 'webhook', 'krafter', 'x', '${slug}', '${slug}', 'generic', 1, ${enabled}, 30, 0, 0`;
    run(
      path,
      `insert into sources (${columns}, require_signature, enabled, retention_days, created_at_ms, updated_at_ms)
       values (x'0${enabled}', ${values})`,
    );
  }
  migrate(path, migrations, nowMs);
  expect(rowsOf(path, "select slug, status, dedup_window_seconds, transport from sources order by slug")).toEqual([
    { slug: "off", status: "paused", dedup_window_seconds: 300, transport: "http" },
    { slug: "on", status: "active", dedup_window_seconds: 300, transport: "http" },
  ]);
});
