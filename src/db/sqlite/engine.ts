import { mkdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { join } from "node:path";

import type { Kysely } from "kysely";

import type { Clock } from "../../lib/clock.ts";
import { type Committed, type CommitObserver, type CommitRequest, GroupCommit } from "../group-commit.ts";
import { createKysely, type RunQuery } from "../kysely.ts";
import type { Migrated } from "../migration.ts";
import { migrations } from "../migrations.ts";
import { isInterrupted, StoreError } from "../store-error.ts";
import type { Store, StoreSize, Tx } from "../store.ts";
import { WriterLock } from "../writer-lock.ts";
import { createCompiler } from "./_compile.ts";
import { createKeeping } from "./_keeping.ts";
import { Packer } from "./_pack.ts";
import { type Checkpointer, createCheckpointer } from "./checkpoint.ts";
import { migrate } from "./migrate.ts";
import { createReads, type Reads } from "./reads.ts";
import { createThread, type Thread } from "./thread.ts";
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
const walBytesMaxDefault = 32 * 1024 * 1024;
const busyTimeoutMs = 5000;
/** Batches that wait for the writer's thread or are being written by it. Those that wait share one commit. */
const commitsMax = 8;
/** Pages given back in one go: about 4 ms. */
const reclaimPages = 256;
/** Writes the first page, which an update that changes nothing would not. Nobody reads the number: versions are rows. */
const probeSql = "pragma user_version = 0";
const pagesSql = "select page_count, freelist_count from pragma_page_count, pragma_freelist_count";

/**
 * Opens the embedded store, and makes or migrates it first. The caller holds the directory's lock.
 *
 * One thread writes, so that no fsync stops the event loop; one checkpoints beside it; two serve lists and searches;
 * reads by key run where they are asked for.
 */
export const openSqlite = (options: SqliteOptions): { store: Store; migrated: Migrated } => {
  const { directory, clock } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, "postern.db");
  const migrated = migrate(path, migrations, clock.nowMs());

  return { store: storeOver(path, options), migrated };
};

const storeOver = (path: string, { directory, clock, observer, walBytesMax }: SqliteOptions): Store => {
  const writer = createThread({ path, readOnly: false, busyTimeoutMs });
  const beside = createThread({ path, readOnly: false, busyTimeoutMs });
  const reads = createReads(path, clock);
  const lock = new WriterLock();
  const checkpointer = createCheckpointer(
    { beside, writer },
    Math.ceil((walBytesMax ?? walBytesMaxDefault) / pageBytes),
    (error) => observer.checkpointFailed({ error }),
  );
  const commits = openCommits({ writer, lock, checkpointer }, { observer, clock });
  const refuseInside = (run: RunQuery): Kysely<unknown> =>
    createKysely("sqlite", async (sql, parameters) => {
      if (!lock.isHolder) return run(sql, parameters);
      throw new StoreError("misuse", "the store was read around an open transaction; use the transaction");
    });
  const lookups = refuseInside(reads.lookup);
  const lists = refuseInside(reads.list);
  const lookAfterLog = createLogLook(writer, checkpointer, observer);
  const run = (sql: string): Promise<void> =>
    lock.lock(async () => {
      await writer.ask({ kind: "exec", sql });
      await lookAfterLog();
    });
  const write = <T>(work: (tx: Tx) => Promise<T>): Promise<T> =>
    lock.lock(async () => {
      try {
        return await runTransaction({ writer, clock, work, outside: (hook) => lock.outside(hook) });
      } catch (error) {
        if (isInterrupted(error)) lock.outside(() => commits.interrupted());
        throw error;
      } finally {
        await lookAfterLog();
      }
    });
  const keeping = createKeeping(write);
  commits.onInterrupted(() => keeping.doubt());
  return {
    // Rooms type their own tables; the connection is the same for all.
    cluster: null,
    lookup: <Tables>() => lookups as Kysely<Tables>,
    list: <Tables>() => lists as Kysely<Tables>,
    write,
    writeBeside: write,
    keep: (kept, reload) => keeping.keep(kept, reload),
    freshen: () => keeping.freshen(),
    fence: () => {
      // Nobody else writes.
    },
    probe: () => run(probeSql),
    line: (batcher) => commits.line(batcher),
    onInterrupted: (listener) => commits.onInterrupted(listener),
    settled: () => commits.settled(),
    walBytes: () => checkpointer.frames() * pageBytes,
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
    backup: (target) => copyTo(path, target),
    reclaim: () => run(`pragma incremental_vacuum(${reclaimPages})`),
    size: () => sizeOf(reads),
    close: async () => {
      await commits.settled();
      await lock.lock(async () => {
        await Promise.all([beside.close(), reads.close()]);
        // Last, because the last one to close puts the log into the database and removes it.
        await writer.close();
      });
    },
  };
};

/** Group commit over the writer's thread. */
const openCommits = (
  parts: { writer: Pick<Thread, "ask">; lock: WriterLock; checkpointer: Checkpointer },
  { observer, clock }: Pick<SqliteOptions, "observer" | "clock">,
): GroupCommit => {
  const { writer, lock, checkpointer } = parts;
  const engine = {
    commitsMax,
    takesFewBeside: true,
    isInTransaction: () => lock.isHolder,
    isWanted: () => lock.isWanted,
    hold: <T>(work: () => Promise<T>) => lock.hot(work),
    commit: createCommit(writer, checkpointer),
    // Nobody else writes.
    held: () => Promise.resolve([]),
    // Nobody else changes what is in memory.
    catchUp: () => Promise.resolve(),
    maintain: () => checkpointer.afterCommit(),
  };
  return new GroupCommit(engine, observer, clock);
};

/** Looks at the log after a transaction. What was committed stays committed, whatever becomes of the log. */
const createLogLook =
  (
    writer: Pick<Thread, "ask">,
    checkpointer: Checkpointer,
    observer: Pick<SqliteOptions["observer"], "checkpointFailed">,
  ): (() => Promise<void>) =>
  async () => {
    try {
      checkpointer.saw((await writer.ask({ kind: "checkpoint", mode: "noop" })).frames);
      await checkpointer.afterCommit();
    } catch (error) {
      observer.checkpointFailed({ error });
    }
  };

const nothingKept = (): void => {
  // Versions are for others.
};

/** Writes batches on the writer's thread. */
const createCommit = (
  writer: Pick<Thread, "ask">,
  checkpointer: Pick<Checkpointer, "saw">,
): ((request: CommitRequest) => Promise<Committed>) => {
  const compile = createCompiler();
  return async ({ operations }) => {
    const packer = new Packer();
    for (const operation of operations) packer.add(compile(operation.statement), operation);
    const { results, frames } = await writer.ask({ kind: "batch", batch: packer.finish() });
    if (frames !== null) checkpointer.saw(frames);
    return { kind: "written", results, applied: nothingKept };
  };
};

const sizeOf = async ({ list }: Pick<Reads, "list">): Promise<StoreSize> => {
  const { rows } = await list(pagesSql, []);
  const pages = (column: string): number => Number(rows[0]?.[column] ?? 0);
  return { bytes: pages("page_count") * pageBytes, unusedBytes: pages("freelist_count") * pageBytes };
};

/** A thread of its own copies: for its length it would keep the other ones from their work. */
const copyTo = async (path: string, target: string): Promise<void> => {
  const copier = createThread({ path, readOnly: false, busyTimeoutMs });
  try {
    await copier.ask({ kind: "query", sql: "vacuum into ?", parameters: [target], rowsMax: 1 });
  } finally {
    await copier.close();
  }
};
