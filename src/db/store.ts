import type { Kysely } from "kysely";

import type { Id } from "../lib/ids.ts";
import type { Cluster } from "./cluster.ts";
import type { Batcher, InterruptionListener, Join } from "./group-commit.ts";
import type { Kept } from "./kept.ts";

/** A transaction of the one writer. Pass it on: the store itself cannot be used inside. */
export type Tx = {
  /** The tables of the asking room, through this transaction. */
  tables<Tables>(): Kysely<Tables>;
  /**
   * Runs once the transaction is on disk and before any other one starts, so that what is kept in memory never
   * disagrees with what the next commit sees. Must not throw, and must not wait.
   */
  afterCommit(run: () => void): void;
  /**
   * Holds the rows with these ids until the transaction ends: whoever else changes them waits, and what is read from here
   * on is read after whoever held them. Embedded: nothing, for there is one writer.
   */
  holdRows(table: string, ids: readonly Uint8Array[]): Promise<void>;
};

/** How large the store is. */
export type StoreSize = { readonly bytes: number; readonly unusedBytes: number };

/** The store, whichever engine runs. Every method throws `StoreError`. */
export type Store = {
  /** What processes on this store have between them. Null: no other writes to it, ever. */
  readonly cluster: Cluster | null;
  /** Reads by key. They see all that is committed, and take well under a millisecond each. */
  lookup<Tables>(): Kysely<Tables>;
  /** Lists, counts and searches: away from the event loop, bounded in rows and time. */
  list<Tables>(): Kysely<Tables>;
  /**
   * One transaction. Nobody awaits the network, a hash, a person or a worker inside: all other writes wait.
   * It is rolled back after 10 s.
   *
   * One that changes what other processes keep in memory says so by `changes`. Of those, one runs at a time wherever the
   * processes are, and no commit goes by what was kept before, once it is answered.
   */
  write<T>(work: (tx: Tx) => Promise<T>, changes?: Kept): Promise<T>;
  /**
   * The same for what no batch goes by and nobody keeps in memory, and what may happen while others write: PostgreSQL has it
   * wait for none of them, save for whoever has the same rows. Embedded: as `write`, for one writes at a time.
   */
  writeBeside<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Keeps something of the store in memory: `reload` fills it, now and whenever others may have changed it, or the answer to
   * a commit was lost. It reads within one moment; what it read takes effect in `afterCommit`. The writer is held.
   */
  keep(kept: Kept, reload: (tx: Tx) => Promise<void>): Promise<void>;
  /** Brings everything that is kept up to date with all that was committed, here and elsewhere, before the call. */
  freshen(): Promise<void>;
  /**
   * From now on group commits are written only while the row of this node is there. Once it is gone, `onFenced` is called, and
   * what waits is drafted again and written without a fence, until the next call. Embedded: nothing.
   */
  fence(node: Id, onFenced: () => void): void;
  /** Resolves once something of no meaning is on disk: an empty transaction touches no disk, and so succeeds on a full one. */
  probe(): Promise<void>;
  /** Opens a line into the group commit, for what happens all the time. */
  line<Item, Result>(batcher: Batcher<Item, Result>): Join<Item, Result>;
  /**
   * Calls `listener` after each commit whose answer was lost. It may have been written although it was
   * refused, so whoever keeps in memory what the store holds must look.
   */
  onInterrupted(listener: InterruptionListener): void;
  /** Resolves when no group commit waits or runs. */
  settled(): Promise<void>;
  /** Bytes of the write-ahead log that are not in the database yet. 0 on PostgreSQL, which looks after its own. */
  walBytes(): number;
  /** Free bytes where the store lives. Infinity on PostgreSQL: nobody here can see the server's disk; it refuses by itself. */
  freeBytes(): Promise<number>;
  /**
   * Writes a consistent copy to `path`, which must not exist or be empty. Writes go on meanwhile. PostgreSQL refuses: `pg_dump`,
   * or whoever hosts it, makes copies.
   */
  backup(path: string): Promise<void>;
  /** Gives space that deleted rows left back to the file system, a little at a time. PostgreSQL: nothing; autovacuum does. */
  reclaim(): Promise<void>;
  /** Bytes of the database, and those among them that deleted rows left (0 on PostgreSQL, which does not tell). */
  size(): Promise<StoreSize>;
  close(): Promise<void>;
};
