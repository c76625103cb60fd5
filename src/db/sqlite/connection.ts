import { DatabaseSync, type StatementSync } from "node:sqlite";

import { BoundedCache } from "../../lib/bounded-cache.ts";
import type { OperationResult, SqlValue } from "../statement.ts";
import { StoreError } from "../store-error.ts";
import { type PackedBatch, type PackedStep, Unpacker } from "./_pack.ts";
import type { BatchAnswer, CheckpointState, ThreadAnswer, ThreadOptions, ThreadRequest } from "./_protocol.ts";

/** The routes of the management API and the hot statements together need about 200. */
const preparedMax = 500;

/** A connection that answers one request at a time, on the thread that it was opened on. */
export type Connection = {
  answer<Request extends ThreadRequest>(request: Request): ThreadAnswer<Request>;
  /** Writes batches in one durable transaction, or none of them. One answer for each. */
  answerBatches(batches: readonly PackedBatch[]): readonly BatchAnswer[];
  close(): void;
};

type Prepare = (sql: string) => StatementSync;

const none: OperationResult = { rows: [], changes: 0 };

const query = (prepare: Prepare, sql: string, parameters: readonly SqlValue[], rowsMax: number): OperationResult => {
  const statement = prepare(sql);
  if (statement.columns().length === 0) return { rows: [], changes: Number(statement.run(...parameters).changes) };
  const rows: Record<string, SqlValue>[] = [];
  for (const row of statement.iterate(...parameters)) {
    if (rows.length >= rowsMax) throw new StoreError("misuse", `a query gave more than ${rowsMax} rows; page it`);
    rows.push(row as Record<string, SqlValue>);
  }
  return { rows, changes: rows.length };
};

const runStep = (prepare: Prepare, { sql, returns, rows, width }: PackedStep, values: Unpacker): OperationResult => {
  if (rows === 0) return none;
  const statement = prepare(sql);
  const back: Record<string, SqlValue>[] = [];
  let changes = 0;
  for (let row = 0; row < rows; row += 1) {
    if (returns) {
      for (const found of statement.all(...values.row(width))) back.push(found as Record<string, SqlValue>);
    } else changes += Number(statement.run(...values.row(width)).changes);
  }
  return { rows: back, changes: returns ? back.length : changes };
};

const checkpoint = (prepare: Prepare, mode: string): CheckpointState => {
  const row = prepare(`pragma wal_checkpoint(${mode})`).get();
  return { frames: Number(row?.["log"] ?? 0), checkpointed: Number(row?.["checkpointed"] ?? 0) };
};

/** All of the batches in one durable transaction, or none of them. */
const commitBatches = (
  database: DatabaseSync,
  prepare: Prepare,
  batches: readonly PackedBatch[],
): (readonly OperationResult[])[] => {
  prepare("begin immediate").run();
  try {
    const results = batches.map((batch) => {
      const values = new Unpacker(batch);
      return batch.steps.map((step) => runStep(prepare, step, values));
    });
    prepare("commit").run();
    return results;
  } catch (error) {
    // A full disk or an I/O error may have rolled back already.
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
};

/** Transactions and bytes after which the log is looked at: a look takes a twentieth of what a small commit takes. */
const unseenMax = { transactions: 8, bytes: 256 * 1024 } as const;

/** Tells how long the log is, from time to time; null in between. */
const createLogLook = (prepare: Prepare): ((bytesWritten: number) => number | null) => {
  let unseen = { transactions: 0, bytes: 0 };
  return (bytesWritten) => {
    unseen = { transactions: unseen.transactions + 1, bytes: unseen.bytes + bytesWritten };
    if (unseen.transactions < unseenMax.transactions && unseen.bytes < unseenMax.bytes) return null;
    try {
      const { frames } = checkpoint(prepare, "noop");
      unseen = { transactions: 0, bytes: 0 };
      return frames;
    } catch {
      // What was committed stays committed when the log cannot be looked at: the next commit looks again.
      return null;
    }
  };
};

/** Pages that each connection keeps, in KiB. Memory-mapped reads would count as ours as well, and need not be faster. */
const cacheKib = { reader: 8 * 1024, writer: 32 * 1024 } as const;

const pragmas = (readOnly: boolean): string =>
  readOnly
    ? `pragma query_only = on; pragma cache_size = -${cacheKib.reader}`
    : `pragma journal_mode = wal; pragma synchronous = full; pragma fullfsync = on; pragma wal_autocheckpoint = 0;
       pragma foreign_keys = off; pragma temp_store = memory; pragma cache_size = -${cacheKib.writer}`;

/** Opens a connection to a store that exists. Writers are durable: WAL, and an fsync for each commit. */
export const openConnection = ({ path, readOnly, busyTimeoutMs }: ThreadOptions): Connection => {
  const database = new DatabaseSync(path, { readOnly, timeout: busyTimeoutMs });
  database.exec(pragmas(readOnly));
  const prepared = new BoundedCache<string, StatementSync>(preparedMax);
  const prepare: Prepare = (sql) => {
    const known = prepared.get(sql);
    if (known !== undefined) return known;
    const made = database.prepare(sql);
    prepared.set(sql, made);
    return made;
  };
  const lookAtLog = createLogLook(prepare);
  const answerBatches = (batches: readonly PackedBatch[]): readonly BatchAnswer[] => {
    const results = commitBatches(database, prepare, batches);
    const frames = lookAtLog(batches.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
    return results.map((each) => ({ results: each, frames }));
  };
  const answer = (request: ThreadRequest): unknown => {
    switch (request.kind) {
      case "query":
        return query(prepare, request.sql, request.parameters, request.rowsMax);
      case "batch":
        return answerBatches([request.batch])[0];
      case "checkpoint":
        return checkpoint(prepare, request.mode);
      case "exec":
        database.exec(request.sql);
        return null;
    }
  };
  return {
    answerBatches,
    // The switch gives each request its own kind of answer; the compiler cannot see that through the union.
    answer: <Request extends ThreadRequest>(request: Request) => answer(request) as ThreadAnswer<Request>,
    close: () => {
      prepared.clear();
      database.close();
    },
  };
};
