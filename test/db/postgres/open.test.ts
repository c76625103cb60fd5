import { expect, onTestFinished, test } from "vitest";

import { runIn, startPostgres } from "../../../harness/postgres.ts";
import type { Migration } from "../../../src/db/migration.ts";
import { systemClock } from "../../../src/lib/clock.ts";
import { openStoreAt } from "../../support/open-store.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { freshDirectory } from "../../support/store.ts";
import { emptyDatabase, migrateAt } from "./_migrating.ts";

const step = (version: number): Migration => ({
  version,
  name: `step ${version}`,
  statements: ({ integer }) => [`create table step_${version} (number ${integer})`],
});
const steps = (count: number): readonly Migration[] => Array.from({ length: count }, (_, at) => step(at + 1));

const migrateTo = (url: string, newest: number, policy: "refuse" | "auto"): Promise<unknown> =>
  migrateAt(url, steps(newest), policy);

test("an empty database is filled whatever the policy; later migrations are refused until they are asked for", async () => {
  const url = await emptyDatabase();
  expect(await migrateTo(url, 2, "refuse")).toEqual({ fromVersion: 0, toVersion: 2, backupPath: null });
  await expect(migrateTo(url, 3, "refuse")).rejects.toMatchObject({ message: expect.stringMatching(/MIGRATE=auto/) });
  expect(await runIn(url, "select to_regclass('step_3') is null as missing")).toEqual([{ missing: 1 }]);
  expect(await migrateTo(url, 3, "auto")).toEqual({ fromVersion: 2, toVersion: 3, backupPath: null });
});

test("a database that is one version ahead is taken as it is, two are refused", async () => {
  const url = await emptyDatabase();
  await migrateTo(url, 3, "refuse");
  expect(await migrateTo(url, 2, "auto")).toEqual({ fromVersion: 3, toVersion: 3, backupPath: null });
  await expect(migrateTo(url, 1, "auto")).rejects.toMatchObject({
    code: "misuse",
    message: expect.stringMatching(/newer version/),
  });
});

test("marks of connections that wrote nothing for a day are removed when a store is opened", async () => {
  const url = await ensureDatabase(freshDirectory());
  const secondsAgo = (connection: number, seconds: number): string =>
    `insert into commits values (${connection}, 1, extract(epoch from now())::bigint - ${seconds})`;
  await runIn(url, secondsAgo(1, 24 * 60 * 60 + 60), secondsAgo(2, 24 * 60 * 60 - 60));
  const store = await openStoreAt({ directory: "", url, clock: systemClock, observer: {} });
  await store.close();
  expect(await runIn(url, "select connection from commits")).toEqual([{ connection: 2 }]);
});

test("several that migrate at once do so one after the other", async () => {
  const url = await emptyDatabase();
  await Promise.all(Array.from({ length: 6 }, () => migrateTo(url, 3, "auto")));
  expect(await runIn(url, "select version from schema_migrations order by 1")).toEqual(
    [1, 2, 3].map((version) => ({ version })),
  );
});

test("a migration that fails leaves nothing of itself", async () => {
  const url = await emptyDatabase();
  const bad: Migration = { version: 2, name: "bad", statements: () => ["create table half (a bigint)", "no sql"] };
  await expect(migrateAt(url, [step(1), bad], "auto")).rejects.toMatchObject({
    message: expect.stringMatching(/^migration 2 \(bad\)/),
  });
  expect(await runIn(url, "select to_regclass('half') is null as missing")).toEqual([{ missing: 1 }]);
});

const open = async (url: string, told: string[] = []): Promise<void> => {
  const observer = { storeUnsafe: ({ setting }: { setting: string }) => told.push(setting) };
  const store = await openStoreAt({ directory: "", url, clock: systemClock, observer });
  await store.close();
};

test("every table that grows says when it is to be cleared up", async () => {
  const url = await ensureDatabase(freshDirectory());
  const found = await runIn(
    url,
    `select relname::text as name, reloptions::text like '%fillfactor=80%' as has_room from pg_class
     where reloptions::text like '%autovacuum_vacuum_scale_factor=0.0_}%' or reloptions::text like '%autovacuum_vacuum_scale_factor=0.0_,%'
     order by relname`,
  );
  expect(found).toEqual([
    { name: "attempts", has_room: 0 },
    { name: "buckets", has_room: 1 },
    { name: "commits", has_room: 1 },
    { name: "dedup_keys", has_room: 1 },
    { name: "deliveries", has_room: 1 },
    { name: "events", has_room: 1 },
    { name: "nodes", has_room: 1 },
    { name: "payloads", has_room: 0 },
    { name: "refused_requests", has_room: 0 },
    { name: "source_counts", has_room: 1 },
    { name: "versions", has_room: 1 },
  ]);
});

/** One that syncs nothing and has no TLS, whatever the others of the suite are. */
const startCareless = async (): Promise<string> => {
  const server = await startPostgres({ isDurable: false });
  onTestFinished(() => server.close());
  return server.url();
};

test("settings under which a crash loses events are told", async () => {
  const told: string[] = [];
  await open(await startCareless(), told);
  expect(told).toEqual(["fsync", "full_page_writes"]);
});

test("a database that cannot hold every text is refused", async () => {
  const url = await ensureDatabase(freshDirectory());
  await runIn(url, "create database latin template template0 encoding 'LATIN1' locale 'C'");
  try {
    const latin = new URL(url);
    latin.pathname = "/latin";
    await expect(open(latin.href)).rejects.toMatchObject({ message: expect.stringMatching(/LATIN1.*UTF8/) });
  } finally {
    await runIn(url, "drop database latin");
  }
});

test("a server without TLS is refused where TLS is required, and taken where it is preferred", async () => {
  const url = await startCareless();
  await expect(open(`${url}?sslmode=require`)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/SSL/),
  });
  await open(`${url}?sslmode=prefer`);
});

test("a server that is not there, or knows no such database, is told at once", async () => {
  await expect(open("postgres://postgres@127.0.0.1:1/none")).rejects.toMatchObject({ code: "unavailable" });
  const url = new URL(await ensureDatabase(freshDirectory()));
  url.pathname = "/no_such_database";
  await expect(open(url.href)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/no_such_database/),
  });
});
