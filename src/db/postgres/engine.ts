import type { Kysely } from "kysely";

import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { type CommitObserver, GroupCommit } from "../group-commit.ts";
import type { AskHeld } from "../held-rows.ts";
import { createKysely, type RunQuery } from "../kysely.ts";
import type { Migrated } from "../migration.ts";
import { migrations } from "../migrations.ts";
import { isInterrupted, StoreError } from "../store-error.ts";
import type { Store, StoreSize } from "../store.ts";
import { WriterLock } from "../writer-lock.ts";
import { askTwice } from "./_ask-twice.ts";
import { createBackground } from "./_background.ts";
import { createBatches, type WriteBatch } from "./_batches.ts";
import { createCluster } from "./_cluster.ts";
import { plain } from "./_command.ts";
import { createDoubts } from "./_doubts.ts";
import { Fence } from "./_fence.ts";
import { createAskHeld } from "./_held.ts";
import { createKeeping, type Keeping } from "./_keeping.ts";
import { durableSql, removeOldMarksCommand } from "./_mark.ts";
import { removeOldMarksRegularly } from "./_old-marks.ts";
import { createReads, type Reads } from "./_reads.ts";
import { checkServer, type UnsafeSetting } from "./_server.ts";
import { runTransaction } from "./_transaction.ts";
import { migrate, type MigrationPolicy } from "./migrate.ts";
import { createSession, type Session, type SessionOptions } from "./session.ts";
import { parseUrl } from "./url.ts";

/** Which database, and who is told of what happens in it. */
export type PostgresOptions = {
  /** `postgres://…`, with libpq's parameters. */
  readonly url: string;
  readonly migrationPolicy: MigrationPolicy;
  /** Time limits are counted by it: it is not a test's, for the network is real. */
  readonly clock: Clock;
  /** Tells connections apart, wherever they are opened: not a test's either. */
  readonly random: Pick<Random, "bytes">;
  readonly observer: CommitObserver & {
    /** Statements were sent to the server. */
    statementsSent(count: number): void;
    /** The server loses or damages acknowledged events when its machine fails. */
    storeUnsafe(found: { readonly setting: UnsafeSetting }): void;
  };
};

/** Group commits under way at once, each on a connection of its own. */
const commitsMax = 2;
const answerMsMax = 10_000;
/** An index of a table that fills a large disk. */
const indexMsMax = 24 * 60 * 60 * 1000;
/** Rows that one statement of a transaction may bring to memory. */
const rowsMax = 100_000;

/** Changes nothing, and is written all the same: the commit behind it has something to make durable. */
const probeSql = "update schema_migrations set name = name where version = 1";

/**
 * Opens a database of a PostgreSQL server, and fills or migrates it first.
 * @throws {StoreError} when it cannot be reached, is too old or too new, or its migrations are refused.
 */
export const openPostgres = async (options: PostgresOptions): Promise<{ store: Store; migrated: Migrated }> => {
  const { url, migrationPolicy, clock, random, observer } = options;
  const sessionOptions = {
    ...parseUrl(url),
    clock,
    random,
    silences: { count: 0 },
    onSent: (count: number) => observer.statementsSent(count),
  };
  const session = createSession({ ...sessionOptions, rowsMax, answerMsMax: 120_000 });
  const patient = createSession({ ...sessionOptions, rowsMax, answerMsMax: indexMsMax });
  try {
    for (const setting of await checkServer(session)) observer.storeUnsafe({ setting });
    const migrated = await migrate({ session, patient, clock }, migrations, migrationPolicy);
    await session.run([removeOldMarksCommand]);
    return { store: storeOver(sessionOptions, options), migrated };
  } finally {
    await Promise.all([session.close(), patient.close()]);
  }
};

type Connections = Omit<SessionOptions, "rowsMax" | "answerMsMax">;

const storeOver = (connections: Connections, { clock, observer }: PostgresOptions): Store => {
  const open = (): Session => createSession({ ...connections, rowsMax, answerMsMax });
  const sessions: readonly [Session, ...Session[]] = [open(), ...Array.from({ length: commitsMax - 1 }, open)];
  const [session] = sessions;
  // Only for answers that were lost: behind a probe that a dead server never answers, the question would wait for as long again.
  const beside = open();
  const prober = open();
  const doubts = createDoubts({ beside, clock }, () => lock.outside(() => commits.interrupted()));
  const settling = { beside, clock, doubts };
  const background = createBackground(open(), settling);
  const oldMarks = removeOldMarksRegularly((work) => background.write(work), clock);
  const reads = createReads(connections);
  const cluster = createCluster(connections);
  const lock = new WriterLock();
  const transaction = { ...settling, session, outside: (run: () => void) => lock.outside(run) };
  const fence = new Fence();
  const keeping = createKeeping({ transaction, reads, clock, lock: (work) => locked(work) });
  const { memory } = keeping;
  const commit = createBatches({ ...settling, sessions, memory, fence });
  // Its own: a question that was refused leaves something to be taken back.
  const asker = open();
  const held = createAskHeld(asker);
  const commits = openCommits({ lock, commit, keeping, fence, held }, { observer, clock });
  const isInside = (): boolean => lock.isHolder || background.isHolder;
  const lookups = refuseInside(isInside, reads.lookup);
  const lists = refuseInside(isInside, reads.list);
  const locked = <T>(work: () => Promise<T>): Promise<T> =>
    lock.lock(async () => {
      try {
        return await work();
      } catch (error) {
        if (isInterrupted(error)) lock.outside(() => commits.interrupted());
        throw error;
      }
    });
  commits.onInterrupted(() => memory.doubt());
  return {
    cluster,
    // Rooms type their own tables; the connections are the same for all.
    lookup: <Tables>() => lookups as Kysely<Tables>,
    list: <Tables>() => lists as Kysely<Tables>,
    write: (work, changes) =>
      locked(() => (changes === undefined ? runTransaction({ ...transaction, work }) : keeping.change(changes, work))),
    writeBeside: (work) => background.write(work),
    keep: (kept, reload) => keeping.keep(kept, reload),
    freshen: () => keeping.freshen(),
    fence: (node, onFenced) => fence.set(node, onFenced),
    probe: () => probe(prober),
    line: (batcher) => commits.line(batcher),
    onInterrupted: (listener) => commits.onInterrupted(listener),
    settled: () => commits.settled(),
    walBytes: () => 0,
    freeBytes: () => Promise.resolve(Number.POSITIVE_INFINITY),
    backup: refuseBackup,
    reclaim: () => Promise.resolve(),
    size: () => sizeOf(reads),
    close: async () => {
      doubts.close();
      oldMarks.stop();
      await keeping.close();
      await commits.settled();
      await lock.lock(async () => {
        await background.close();
        await Promise.all([reads, cluster, beside, prober, asker, ...sessions].map((each) => each.close()));
      });
    },
  };
};

type CommitParts = {
  readonly lock: WriterLock;
  readonly commit: WriteBatch;
  readonly keeping: Pick<Keeping, "catchUp">;
  readonly fence: Pick<Fence, "settle">;
  readonly held: AskHeld;
};

const openCommits = (
  { lock, commit, keeping, fence, held }: CommitParts,
  { observer, clock }: Pick<PostgresOptions, "observer" | "clock">,
): GroupCommit => {
  const engine = {
    commitsMax,
    takesFewBeside: false,
    isInTransaction: () => lock.isHolder,
    isWanted: () => lock.isWanted,
    hold: <T>(work: () => Promise<T>) => lock.hot(work),
    commit,
    held,
    catchUp: async () => {
      fence.settle();
      await keeping.catchUp();
    },
    maintain: () => Promise.resolve(),
  };
  return new GroupCommit(engine, observer, clock);
};

const refuseBackup = (): Promise<never> =>
  Promise.reject(new StoreError("other", 'a PostgreSQL database is copied with "pg_dump", or as its host does'));

/** The tables outside of a transaction: whoever is in one would see another state of them. */
const refuseInside = (isInside: () => boolean, run: RunQuery): Kysely<unknown> =>
  createKysely("postgres", async (sql, parameters) => {
    if (!isInside()) return run(sql, parameters);
    throw new StoreError("misuse", "the store was read around an open transaction; use the transaction");
  });

/** What stands in a probe's way for longer stands in everybody's. */
const probeMsMax = 2_000;

const probeSettings = plain(
  `select ${durableSql}, set_config('lock_timeout', '${probeMsMax}', true),
     set_config('statement_timeout', '${probeMsMax}', true)`,
);

/** On a connection of its own: it neither waits for those who write, nor keeps them waiting. */
const probe = async (session: Session): Promise<void> => {
  await askTwice(session, [probeSettings, plain(probeSql)]);
};

const sizeOf = async ({ list }: Reads): Promise<StoreSize> => {
  const { rows } = await list("select pg_database_size(current_database()) as bytes", []);
  return { bytes: Number(rows[0]?.["bytes"] ?? 0), unusedBytes: 0 };
};
