import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";

import { runIn } from "../../../harness/postgres.ts";
import type { Migration } from "../../../src/db/migration.ts";
import { emptyDatabase, migrateAt } from "./_migrating.ts";

const table: Migration = {
  version: 1,
  name: "table",
  statements: ({ integer }) => [`create table marks (mark ${integer})`],
};
const index: Migration = {
  version: 2,
  name: "index",
  statements: () => [],
  indexes: [{ name: "marks_by_mark", on: "marks (mark) where mark > 0" }],
};

/** A database with the table only. */
const withTable = async (): Promise<string> => {
  const url = await emptyDatabase();
  await migrateAt(url, [table], "auto");
  return url;
};

/** A transaction that has written, and goes on until it is ended: no index is made in the meantime. */
const beginWrite = async (url: string): Promise<{ end: () => Promise<void> }> => {
  const client = new Client({ connectionString: url });
  client.on("error", () => null);
  await client.connect();
  await client.query("begin");
  await client.query("insert into marks values (1)");
  onTestFinished(() => client.end());
  return { end: async () => void (await client.query("commit")) };
};

const indexes = "select indisvalid as valid from pg_index where indexrelid = to_regclass('marks_by_mark')";
const versions = "select version from schema_migrations order by version";
const makers = "select pid from pg_stat_progress_create_index where relid = to_regclass('marks')";

const untilBegun = async (url: string): Promise<void> => {
  await expect.poll(async () => (await runIn(url, makers)).length).toBeGreaterThan(0);
};

test("everybody goes on writing while a migration makes an index", async () => {
  const url = await withTable();
  const other = await beginWrite(url);
  const migrating = migrateAt(url, [table, index], "auto");
  await untilBegun(url);
  await runIn(url, "set lock_timeout = 1000", "insert into marks values (2)", "update marks set mark = 3");
  expect(await runIn(url, versions)).toEqual([{ version: 1 }]);
  await other.end();
  expect(await migrating).toMatchObject({ fromVersion: 1, toVersion: 2 });
  expect(await runIn(url, indexes)).toEqual([{ valid: 1 }]);
});

test("an index that was cut off is made anew", async () => {
  const url = await withTable();
  const other = await beginWrite(url);
  const cutOff = Promise.allSettled([migrateAt(url, [table, index], "auto")]);
  await untilBegun(url);
  await expect.poll(async () => runIn(url, indexes)).toEqual([{ valid: 0 }]);
  await runIn(url, `select pg_terminate_backend(pid) from (${makers}) as makers`);
  expect(await cutOff).toMatchObject([{ status: "rejected" }]);
  await other.end();
  expect(await runIn(url, indexes)).toEqual([{ valid: 0 }]);
  await expect(migrateAt(url, [table, index], "refuse")).rejects.toMatchObject({ code: "misuse" });
  expect(await migrateAt(url, [table, index], "auto")).toMatchObject({ fromVersion: 1, toVersion: 2 });
  expect(await runIn(url, indexes)).toEqual([{ valid: 1 }]);
});

test("several that migrate at once make an index once", async () => {
  const url = await withTable();
  const other = await beginWrite(url);
  const migrating = Array.from({ length: 4 }, () => migrateAt(url, [table, index], "auto"));
  await untilBegun(url);
  await other.end();
  for (const { toVersion } of await Promise.all(migrating)) expect(toVersion).toBe(2);
  expect(await runIn(url, indexes)).toEqual([{ valid: 1 }]);
  expect(await runIn(url, versions)).toEqual([{ version: 1 }, { version: 2 }]);
});

test("an index that cannot be made fails its migration, and says why", async () => {
  const url = await withTable();
  const wrong = { ...index, indexes: [{ name: "marks_by_mark", on: "marks (nothing)" }] };
  await expect(migrateAt(url, [table, wrong], "auto")).rejects.toMatchObject({
    message: expect.stringContaining('"nothing" does not exist'),
  });
  expect(await runIn(url, versions)).toEqual([{ version: 1 }]);
});

test("a statement that waits for a table lets those go first who write", async () => {
  const url = await withTable();
  const other = await beginWrite(url);
  const column: Migration = {
    version: 2,
    name: "column",
    statements: () => ["alter table marks add column name text"],
  };
  const migrating = migrateAt(url, [table, column], "auto");
  const waiting = "select 1 from pg_locks where relation = to_regclass('marks') and not granted";
  await expect.poll(() => runIn(url, waiting)).toHaveLength(1);
  await runIn(url, "set lock_timeout = 5000", "insert into marks values (2)");
  await other.end();
  expect(await migrating).toMatchObject({ toVersion: 2 });
});
