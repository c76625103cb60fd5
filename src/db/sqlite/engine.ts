import { mkdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";

import type { Kysely } from "kysely";

import type { Clock } from "../../lib/clock.ts";
import { GroupCommit, type CommitObserver } from "../group-commit.ts";
import { migrations } from "../migrations.ts";
import type { Operation } from "../statement.ts";
import { StoreError } from "../store-error.ts";
import type { Store } from "../store.ts";
import { WriterLock } from "../writer-lock.ts";
import { createCompiler } from "./_compile.ts";
import { toStoreError } from "./_failure.ts";
import { createCheckpointer } from "./checkpoint.ts";
import { openConnection } from "./connection.ts";
import { createKysely, type RunQuery } from "./kysely.ts";
import { migrate, type Migrated } from "./migrate.ts";
import { createReaders } from "./readers.ts";
import { createThread } from "./thread.ts";
import { runTransaction } from "./transaction.ts";

/** Where the embedded store lives, and who is told of what happens in it. */
export type SqliteOptions = {
  directory: string;
  clock: Clock;
  observer: CommitObserver & { checkpointFailed(failure: { error: unknown }): void };
  /** Bytes of the write-ahead log above which writes wait for a checkpoint. Default 32 MiB. */
  walBytesMax?: number;
};

const pageBytes = 8192;
const lookupRowsMax = 10_000;
const busyTimeoutMs = 5000;
/** Pages given back in one go: about 4 ms. */
const reclaimPages = 256;

/** The thrown values of `node:sqlite` carry SQLite's code. */
const storeErrorOf = (error: unknown): StoreError => {
  if (error instanceof StoreError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const errcode = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  return toStoreError({ message, errcode }, error);
};

/**
 * Opens the embedded store, and makes or migrates it first. The caller holds the directory's lock.
 *
 * One thread writes, so that no fsync stops the event loop; one checkpoints beside it; two serve lists and searches;
 * reads by key run where they are asked for.
 */
export const openSqlite = (options: SqliteOptions): { store: Store; migrated: Migrated } => {
  const { directory, clock, observer } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "postern.db");
  const migrated = migrate(path, migrations, clock.nowMs());

  const writer = createThread({ path, readOnly: false, busyTimeoutMs });
  const beside = createThread({ path, readOnly: false, busyTimeoutMs });
  const readers = createReaders(path, clock);
  const local = openConnection({ path, readOnly: true, busyTimeoutMs });
  const lock = new WriterLock();
  const compile = createCompiler();
  const checkpointer = createCheckpointer(
    { beside, writer },
    Math.ceil((options.walBytesMax ?? 32 * 1024 * 1024) / pageBytes),
    (error) => observer.checkpointFailed({ error }),
  );
  const commits = new GroupCommit(
    {
      isInTransaction: () => lock.isHolder,
      hold: (work) => lock.hot(work),
      commit: async (operations: readonly Operation[]) => {
        const steps = operations.map(({ statement, rows }) => ({
          sql: compile(statement),
          returns: statement.kind === "raw" && statement.returns,
          rows,
        }));
        const results = await writer.ask({ kind: "batch", steps });
        await checkpointer.afterCommit();
        return results;
      },
    },
    observer,
    clock.monotonicMs,
  );

  const lookups = createKysely(async (sql, parameters) => {
    refuseInside(lock);
    try {
      return local.answer({ kind: "query", sql, parameters, rowsMax: lookupRowsMax });
    } catch (error) {
      throw storeErrorOf(error);
    }
  });
  const runList: RunQuery = async (sql, parameters) => {
    refuseInside(lock);
    return readers.query(sql, parameters);
  };
  const lists = createKysely(runList);

  const store: Store = {
    // Rooms type their own tables; the connection is the same for all.
    lookup: <Tables>() => lookups as Kysely<Tables>,
    list: <Tables>() => lists as Kysely<Tables>,
    write: (work) =>
      lock.lock(async () => {
        const result = await runTransaction(writer, clock, work, (hook) => lock.outside(hook));
        await checkpointer.afterCommit();
        return result;
      }),
    line: (batcher) => commits.line(batcher),
    settled: () => commits.settled(),
    walBytes: () => checkpointer.frames() * pageBytes,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
    backup: async (target) => {
      // A thread of its own: for its length it would keep the other ones from their work.
      const copier = createThread({ path, readOnly: false, busyTimeoutMs });
      try {
        await copier.ask({ kind: "query", sql: "vacuum into ?", parameters: [target], rowsMax: 1 });
      } finally {
        await copier.close();
      }
    },
    reclaim: () =>
      lock.lock(async () => {
        await writer.ask({ kind: "exec", sql: `pragma incremental_vacuum(${reclaimPages})` });
      }),
    close: async () => {
      await commits.settled();
      await lock.lock(async () => {
        await Promise.all([writer.close(), beside.close(), readers.close()]);
        local.close();
      });
    },
  };
  return { store, migrated };
};

const refuseInside = (lock: WriterLock): void => {
  if (lock.isHolder)
    throw new StoreError("misuse", "the store was read around an open transaction; use the transaction");
};
