import { type Clock, wait } from "../../lib/clock.ts";
import type { Ddl, Migrated, Migration } from "../migration.ts";
import { StoreError } from "../store-error.ts";
import { sqlStateOf } from "./_failure.ts";
import { ensureIndex } from "./_indexes.ts";
import { rollBack } from "./_settle.ts";
import type { Session } from "./session.ts";

/**
 * Rows that change at once find room for their next version beside them: one page that is changed instead of two, 2 % less log.
 * What they leave is cleared up early.
 */
const changing =
  " with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02)";

/** With a month's retention, 3 % of the rows go each day: by default a fifth of the table would be dead before it is cleared up. */
const lasting = " with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05)";

const ddl: Ddl = {
  bytes: "bytea",
  integer: "bigint",
  text: 'text collate "C"',
  clustered: "",
  changing,
  lasting,
};

/** What migrations are made through. */
export type MigrateParts = {
  readonly session: Session;
  /** Waits for an answer as long as an index of a large table takes. */
  readonly patient: Session;
  readonly clock: Pick<Clock, "nowMs" | "after">;
};

/** Whether pending migrations are made. An empty database is always filled. */
export type MigrationPolicy = "refuse" | "auto";

/** Any number, the same in every version of the program. */
const lockKey = "7238114950215";

/**
 * What makes an empty database ready for the first migration. SQLite's `instr` is what the rooms search with; PostgreSQL
 * spells it otherwise.
 */
const preparation: readonly string[] = [
  "create table schema_migrations (version bigint primary key, name text not null, applied_at_ms bigint not null)",
  `create function instr(bytea, bytea) returns integer language sql immutable strict parallel safe
     return position($2 in $1)`,
];

const query = async (session: Session, text: string) => (await session.run([{ text, values: [] }]))[0]?.rows ?? [];

/** Not `to_regclass`: it remembers what was not there, also when somebody else has made it since. */
const isPreparedSql = `select 1 from pg_class
  where relname = 'schema_migrations' and relnamespace = current_schema()::regnamespace`;

/** The schema's version. 0: there is none. */
export const versionOf = async (session: Session): Promise<number> => {
  if ((await query(session, isPreparedSql)).length === 0) return 0;
  const [found] = await query(session, "select coalesce(max(version), 0) as version from schema_migrations");
  return Number(found?.["version"] ?? 0);
};

/** The lock goes with the transaction, also behind a pooler. */
const lockSql = `select pg_advisory_xact_lock(${lockKey})`;

/**
 * Whoever else migrates waits, and then finds it done. Whoever writes waits behind a statement that waits for a table: where
 * somebody holds that for long, as a backup does, the statement lets them go first, and is tried again.
 */
const begin: readonly string[] = ["begin", "set local lock_timeout = '60s'", lockSql, "set local lock_timeout = '3s'"];
const triesMax = 10;
const againMs = 3_000;

/** Runs one step, unless somebody else has done so meanwhile. */
const applyOnce = async (session: Session, { version, name, statements }: Migration, nowMs: number): Promise<void> => {
  try {
    for (const text of begin) await query(session, text);
    const current = await versionOf(session);
    if (current < version) {
      for (const text of current === 0 ? preparation : []) await query(session, text);
      for (const text of statements(ddl)) await query(session, text);
      await session.run([
        {
          text: "insert into schema_migrations (version, name, applied_at_ms) values ($1, $2, $3)",
          values: [String(version), name, String(nowMs)],
        },
      ]);
    }
    await query(session, "commit");
  } catch (cause) {
    await rollBack(session, session.generation);
    throw new StoreError(
      cause instanceof StoreError && cause.code === "unavailable" ? "unavailable" : "other",
      `migration ${version} (${name}) failed and was rolled back: ${cause instanceof Error ? cause.message : ""}`,
      { cause },
    );
  }
};

const apply = async ({ session, clock }: MigrateParts, migration: Migration): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await applyOnce(session, migration, clock.nowMs());
      return;
    } catch (error) {
      const wasLocked = error instanceof StoreError && sqlStateOf(error.cause) === "55P03";
      if (!wasLocked || tries >= triesMax) throw error;
    }
    await wait(clock, againMs);
  }
};

const refuseUnknown = (fromVersion: number, newest: number): void => {
  if (fromVersion <= newest + 1) return;
  throw new StoreError(
    "misuse",
    `the database has schema version ${fromVersion} and this program knows ${newest}; run the newer version`,
  );
};

const refusePending = (fromVersion: number, newest: number, policy: MigrationPolicy): void => {
  if (fromVersion === 0 || fromVersion >= newest || policy === "auto") return;
  throw new StoreError(
    "misuse",
    `the database has schema version ${fromVersion} and this program needs ${newest}; run "postern migrate", or start with MIGRATE=auto`,
  );
};

/**
 * Brings the database to the newest schema. One that is a single version ahead is taken as it is: while a cluster is
 * upgraded, old and new programs run on it together.
 * @throws {StoreError} when migrations are pending and may not be made, or the schema is too new.
 */
export const migrate = async (
  parts: MigrateParts,
  migrations: readonly Migration[],
  policy: MigrationPolicy,
): Promise<Migrated> => {
  const { session } = parts;
  const newest = migrations.at(-1)?.version ?? 0;
  const fromVersion = await versionOf(session);
  refuseUnknown(fromVersion, newest);
  refusePending(fromVersion, newest, policy);
  for (const migration of migrations.filter(({ version }) => version > fromVersion)) {
    for (const index of migration.indexes ?? []) await ensureIndex({ ...parts, lockSql }, index);
    await apply(parts, migration);
  }
  return { fromVersion, toVersion: Math.max(fromVersion, newest), backupPath: null };
};
