import type { Clock } from "../lib/clock.ts";
import { createLineLimit } from "./_line-limit.ts";
import { errorFields } from "./error-fields.ts";
import type { Logger } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** What happens in the store. */
export type StoreObserver = {
  committed(commit: { items: number; durationMs: number }): void;
  commitFailed(failure: { items: number; error: unknown }): void;
  /** The schema was brought up to date. `backupPath`: the copy of the store as it was. */
  migrated(migration: { fromVersion: number; toVersion: number; backupPath: string | null }): void;
  /** Statements were sent to a database server. */
  statementsSent(count: number): void;
  /** The database server runs with a setting under which a crash of its machine loses or damages acknowledged events. */
  storeUnsafe(found: { setting: string }): void;
  /** Rows removed, by kind: the keys come from a closed set. */
  retentionRan(run: { removed: Readonly<Record<string, number>>; durationMs: number }): void;
  /** Called when the free space falls below the bound, not for every look at it. */
  storeShortOfDisk(disk: { freeBytes: number; freeBytesMin: number }): void;
  /** Called when there is enough again. */
  storeHasDisk(disk: { freeBytes: number; freeBytesMin: number }): void;
};

/** Upper bounds for the items of one group commit. */
const itemsBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

/** Failed commits that are logged in a second. All are counted: each one of a store that is full or broken fails. */
const failureLinesMax = 5;

/** Writes the metrics and lines of the store. */
export const createStoreObserver = (
  log: Logger,
  metrics: Pick<Metrics, "counter" | "histogram">,
  clock: Pick<Clock, "monotonicMs">,
): StoreObserver => {
  const duration = metrics.histogram({
    name: "postern_store_commit_duration_seconds",
    help: "Time that one group commit took, until it was on disk.",
  });
  const itemsPerCommit = metrics.histogram({
    name: "postern_store_commit_items",
    help: "Items (events, outcomes) written by one group commit.",
    buckets: itemsBuckets,
  });
  const failures = metrics.counter({
    name: "postern_store_commit_failures_total",
    help: "Group commits that failed.",
  });
  const statements = metrics.counter({
    name: "postern_store_statements_total",
    help: "Statements sent to the database server (PostgreSQL).",
  });
  const removedRows = metrics.counter({
    name: "postern_retention_removed_rows_total",
    help: "Rows that retention removed, by kind.",
    labels: ["kind"],
  });
  const mayWrite = createLineLimit(clock, failureLinesMax);
  return {
    committed({ items, durationMs }) {
      itemsPerCommit.observe(items);
      duration.observe(durationMs / 1_000);
    },
    commitFailed({ items, error }) {
      failures.inc();
      const line = mayWrite("commit failed");
      if (line === null) return;
      const suppressed = line.suppressed > 0 ? line.suppressed : undefined;
      log.error("commit failed", { items, suppressed, ...errorFields(error) });
    },
    migrated(migration) {
      log.info("the store was brought to the newest schema", migration);
    },
    statementsSent(count) {
      statements.inc(count);
    },
    storeUnsafe({ setting }) {
      log.warn(`the database server runs with ${setting}=off: a crash of its machine loses acknowledged events`, {
        setting,
      });
    },
    retentionRan({ removed, durationMs }) {
      for (const [kind, rows] of Object.entries(removed)) removedRows.inc({ kind }, rows);
      const any = Object.values(removed).some((rows) => rows > 0);
      log[any ? "info" : "debug"]("retention ran", { ...removed, durationMs });
    },
    storeShortOfDisk(disk) {
      log.error("the disk is almost full: events are refused until there is space again", disk);
    },
    storeHasDisk(disk) {
      log.info("the disk has space again: events are accepted", disk);
    },
  };
};
