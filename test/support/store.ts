import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";

import { CompiledQuery } from "kysely";
import { onTestFinished } from "vitest";

import { openSqlite, type SqliteOptions } from "../../src/db/sqlite/engine.ts";
import type { SqlValue } from "../../src/db/statement.ts";
import type { Store, Tx } from "../../src/db/store.ts";
import { systemClock } from "../../src/lib/clock.ts";

/** A directory that is gone when the test ends. */
export const freshDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), "postern-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};

export type StoreOptions = Partial<Omit<SqliteOptions, "observer">> & {
  observer?: Partial<SqliteOptions["observer"]>;
};

/** Opens the store of a directory. Whoever opens it closes it. */
export const openStore = ({ observer, ...options }: StoreOptions & { directory: string }): Store =>
  openSqlite({
    clock: systemClock,
    ...options,
    observer: { committed() {}, commitFailed() {}, checkpointFailed() {}, ...observer },
  }).store;

/** A new store, closed when the test ends. */
export const freshStore = (options: StoreOptions = {}): Store => {
  const store = openStore({ directory: freshDirectory(), ...options });
  onTestFinished(() => store.close());
  return store;
};

/** Runs a statement inside a transaction. */
export const execute = async (tx: Tx, sql: string, parameters: readonly SqlValue[] = []): Promise<void> => {
  await tx.tables<object>().executeQuery(CompiledQuery.raw(sql, [...parameters]));
};

/** Reads what is committed. */
export const select = async <Row>(store: Pick<Store, "lookup">, sql: string): Promise<readonly Row[]> =>
  (await store.lookup<object>().executeQuery<Row>(CompiledQuery.raw(sql))).rows;

/** The thread that writes, and what a test can do to it. */
export type Writer = {
  /** As when its file system is remounted read-only: every write fails until `mend`. */
  breakDown(): void;
  mend(): void;
  /** Ends the thread, as when it runs out of memory. */
  kill(): Promise<void>;
};

/** Finds the writer of a store that has written nothing so far. */
export const writerOf = async (store: Pick<Store, "write">): Promise<Writer> => {
  const started: Worker[] = [];
  const onStarted = (message: unknown): void => {
    started.push((message as { worker: Worker }).worker);
  };
  subscribe("worker_threads", onStarted);
  await store.write(async () => {});
  unsubscribe("worker_threads", onStarted);
  const writer = started[0]!;
  // Calls are counted from 1: nobody waits for the answer to this one.
  const run = (sql: string): void => writer.postMessage({ call: 0, request: { kind: "exec", sql } });
  return {
    breakDown: () => run("pragma query_only = on"),
    mend: () => run("pragma query_only = off"),
    kill: async () => {
      await writer.terminate();
    },
  };
};
