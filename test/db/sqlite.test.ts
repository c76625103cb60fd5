import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { CompiledQuery } from "kysely";
import { expect, test, vi } from "vitest";

import { insertStatement } from "../../src/db/statement.ts";
import { isPassing } from "../../src/db/store-error.ts";
import type { Store } from "../../src/db/store.ts";
import { createTestClock } from "../support/clock.ts";
import { execute, freshDirectory, freshStore, select, type StoreOptions, writerOf } from "../support/store.ts";

/** A store with a table of blobs, and a line into it. */
const storeOfBlobs = async (options: StoreOptions = {}) => {
  const store = await freshStore(options);
  const writer = await writerOf(store);
  await store.write((tx) => execute(tx, "create table blobs (at integer primary key, bytes blob not null)"));
  const keep = store.line<Buffer, void>({
    name: "blobs",
    itemsMax: 10,
    draft: (items) => ({
      operations: [
        {
          statement: insertStatement({ table: "blobs", columns: { bytes: "bytes" } }),
          rows: items.map((bytes) => [bytes]),
        },
      ],
      committed: () => items.map(() => undefined),
      abandoned: () => {},
    }),
  });
  return { store, writer, keep };
};

const pragma = async (store: Store, name: string): Promise<unknown> => {
  const { rows } = await store.write((tx) =>
    tx.tables<object>().executeQuery<Record<string, unknown>>(CompiledQuery.raw(`pragma ${name}`)),
  );
  return Object.values(rows[0] ?? {})[0];
};

const list = async (store: Store, sql: string): Promise<readonly Record<string, unknown>[]> =>
  (await store.list<object>().executeQuery<Record<string, unknown>>(CompiledQuery.raw(sql))).rows;

test.for([
  ["journal_mode", "wal"],
  ["synchronous", 2],
  ["page_size", 8192],
  ["auto_vacuum", 2],
  ["wal_autocheckpoint", 0],
  ["foreign_keys", 0],
] as const)("writes are made with %s = %s", async ([name, value]) => {
  expect(await pragma(await freshStore(), name)).toBe(value);
});

test("reads cannot write", async () => {
  const { store } = await storeOfBlobs();
  const write = "insert into blobs (bytes) values (x'00')";
  await expect(select(store, write)).rejects.toMatchObject({ name: "StoreError" });
  await expect(list(store, write)).rejects.toMatchObject({ name: "StoreError" });
  expect(await list(store, "select count(*) as blobs from blobs")).toEqual([{ blobs: 0 }]);
});

test("a list brings at most 10,000 rows, so that none fills memory", async () => {
  const store = await freshStore();
  const rows = (count: number) =>
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < ${count}) select i from n`;
  expect(await list(store, rows(10_000))).toHaveLength(10_000);
  await expect(list(store, rows(10_001))).rejects.toMatchObject({
    code: "misuse",
    message: expect.stringContaining("10000 rows"),
  });
});

test("lists that would wait behind too many others are refused, and work again when those are done", async () => {
  const store = await freshStore();
  const settled = await Promise.allSettled(Array.from({ length: 200 }, () => list(store, "select 1 as one")));
  const refused = settled.filter((each) => each.status === "rejected");
  // Two readers, and 64 in each one's hands.
  expect(refused).toHaveLength(200 - 128);
  for (const { reason } of refused) expect(reason).toMatchObject({ code: "unavailable" });
  expect(await list(store, "select 1 as one")).toEqual([{ one: 1 }]);
});

test("a slow list does not keep another one waiting", async () => {
  const store = await freshStore();
  await list(store, "select 1 as one");
  const order: string[] = [];
  const slow = list(
    store,
    `with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000000) select count(*) from n`,
  ).then(() => order.push("slow"));
  await list(store, "select 1 as one").then(() => order.push("quick"));
  await slow;
  expect(order).toEqual(["quick", "slow"]);
});

test("a list that takes too long is given up", async () => {
  const clock = createTestClock();
  const store = await freshStore({ clock });
  const endless = list(
    store,
    "with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000000) select count(*) from n",
  );
  await vi.waitFor(() => expect(clock.pendingTimers).toBe(1));
  clock.advance(10_000);
  await expect(endless).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("narrow its filter"),
  });
  expect(clock.pendingTimers).toBe(0);
});

test("a thread that dies is started again: what it was doing is refused, what follows is done", async () => {
  const { store, writer, keep } = await storeOfBlobs();
  await keep(Buffer.from("before"));
  const outcomes = Promise.allSettled(Array.from({ length: 50 }, () => keep(Buffer.alloc(100_000))));
  await writer.kill();
  const refused = (await outcomes).filter((each) => each.status === "rejected");
  for (const { reason } of refused) expect(isPassing(reason)).toBe(true);
  await keep(Buffer.from("after"));
  const [found] = await select<{ blobs: number }>(store, "select count(*) as blobs from blobs");
  expect(found!.blobs).toBeGreaterThanOrEqual(50 - refused.length + 2);
  expect(await pragma(store, "integrity_check")).toBe("ok");
});

test("the write-ahead log stays within its bound, however long writes go on", async () => {
  const directory = freshDirectory();
  const walBytesMax = 6 * 1024 * 1024;
  const failures: unknown[] = [];
  const { store, keep } = await storeOfBlobs({
    directory,
    walBytesMax,
    observer: { checkpointFailed: ({ error }) => failures.push(error) },
  });
  const blob = Buffer.alloc(64 * 1024, 1);
  const log = join(directory, "postern.db-wal");
  let mostBytes = 0;
  let written = 0;
  // Never idle: the next commit always waits already.
  const writeOn = async (): Promise<void> => {
    while (written < 800) {
      written += 1;
      await keep(blob);
      mostBytes = Math.max(mostBytes, statSync(log).size);
    }
  };
  await Promise.all(Array.from({ length: 8 }, writeOn));
  expect(statSync(join(directory, "postern.db")).size).toBeGreaterThan(5 * walBytesMax);
  // One commit may pass the bound, before the next one waits.
  expect(mostBytes).toBeLessThan(walBytesMax + 10 * 80 * 1024);
  expect(mostBytes).toBeGreaterThan(0);
  expect(store.walBytes()).toBeLessThanOrEqual(mostBytes);
  expect(failures).toEqual([]);
});

test("a backup made while writes go on is one moment of the store, and holds all that was acknowledged before it", async () => {
  const directory = freshDirectory();
  const { store } = await storeOfBlobs({ directory });
  await store.write((tx) => execute(tx, "create table twins (at integer primary key, bytes blob not null)"));
  const pairs = store.line<Buffer, void>({
    name: "pairs",
    itemsMax: 10,
    draft: (items) => ({
      operations: ["blobs", "twins"].map((table) => ({
        statement: insertStatement({ table, columns: { bytes: "bytes" } }),
        rows: items.map((bytes) => [bytes]),
      })),
      committed: () => items.map(() => undefined),
      abandoned: () => {},
    }),
  });
  let acknowledged = 0;
  const over = new AbortController();
  const writeOn = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await pairs(Buffer.alloc(20_000, acknowledged));
      acknowledged += 1;
    }
  };
  const writers = Array.from({ length: 8 }, writeOn);
  await pairs(Buffer.alloc(1));
  const before = acknowledged;
  const target = join(directory, "copy.db");
  await store.backup(target);
  const after = acknowledged;
  over.abort();
  await Promise.all(writers);

  using copy = new DatabaseSync(target);
  expect(copy.prepare("pragma integrity_check").get()).toEqual({ integrity_check: "ok" });
  const counts = copy
    .prepare("select (select count(*) from blobs) as blobs, (select count(*) from twins) as twins")
    .get()!;
  expect(counts["blobs"]).toBe(counts["twins"]);
  expect(counts["blobs"]).toBeGreaterThanOrEqual(before);
  // Those on their way when it ended were not acknowledged yet.
  expect(counts["blobs"]).toBeLessThanOrEqual(after + 1 + writers.length);
  await expect(store.backup(target)).rejects.toMatchObject({ name: "StoreError" });
});

test("space that deleted rows left is given back a little at a time", async () => {
  const directory = freshDirectory();
  const { store, keep } = await storeOfBlobs({ directory });
  await Promise.all(Array.from({ length: 100 }, () => keep(Buffer.alloc(80_000))));
  await store.write((tx) => execute(tx, "delete from blobs"));
  const free = async (): Promise<number> => Number(await pragma(store, "freelist_count"));
  const before = await free();
  await store.reclaim();
  expect(before - (await free())).toBe(256);
  while ((await free()) > 0) await store.reclaim();
  expect(Number(await pragma(store, "page_count"))).toBeLessThan(before);
  expect(await store.freeBytes()).toBeGreaterThan(0);
});

test("a probe puts something on disk, and an empty transaction does not", async () => {
  const store = await freshStore();
  await store.write(async () => {});
  const before = store.walBytes();
  await store.write(async () => {});
  expect(store.walBytes()).toBe(before);
  await store.probe();
  expect(store.walBytes()).toBeGreaterThan(before);
});

test("a full disk refuses what has no room, keeps what was written, and goes on when there is room", async () => {
  const { store, keep } = await storeOfBlobs();
  await keep(Buffer.alloc(1));
  await store.write((tx) => execute(tx, "pragma max_page_count = 1"));
  await expect(keep(Buffer.alloc(100_000))).rejects.toMatchObject({ code: "unavailable" });
  const sizes = (): Promise<readonly object[]> => select(store, "select length(bytes) as bytes from blobs order by at");
  expect(await sizes()).toEqual([{ bytes: 1 }]);

  await store.write((tx) => execute(tx, "pragma max_page_count = 1000000"));
  await keep(Buffer.alloc(100_000));
  expect(await sizes()).toEqual([{ bytes: 1 }, { bytes: 100_000 }]);
});
