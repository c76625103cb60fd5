import type { Kysely } from "kysely";

import type { Store, Tx } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import { type OpenReplay, type ReplayTables, roadColumns, toFilterText, toLeftoversText } from "./_rows.ts";
import { runningMax } from "./limits.ts";
import type { Replay } from "./replay.ts";

/** What recording a bulk replay needs. */
export type RecordParts = {
  readonly store: Pick<Store, "write">;
  readonly clock: Pick<Clock, "nowMs">;
  /** Takes a replay up that was just made. */
  readonly onStarted: (replay: OpenReplay) => void;
};

/** What came of it. */
export type Recorded =
  | { readonly kind: "started"; readonly replay: Replay }
  /** So many of the source, or along roads to the destination, run already. */
  | { readonly kind: "limit_reached"; readonly max: number };

/** A bulk replay that goes on with no other, before its first page. */
export const newReplay = (
  wish: Omit<OpenReplay, "status" | "cursor" | "resumes" | "leftovers">,
): OpenReplay & { readonly status: "running" } => ({
  ...wish,
  status: "running",
  cursor: null,
  resumes: null,
  leftovers: null,
});

/** Bulk replays of a source that run. */
export const countRunning = async (tables: Kysely<ReplayTables>, sourceId: Id): Promise<number> => {
  const running = await tables
    .selectFrom("replays")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("source_id", "=", idToBytes(sourceId))
    .where("status", "=", "running")
    .executeTakeFirstOrThrow();
  return running.count;
};

/** Records a bulk replay within a transaction that changes `replays`, and takes it up, unless too many run that are about the same. */
export const recordIn = async (
  tx: Tx,
  { clock, onStarted }: Pick<RecordParts, "clock" | "onStarted">,
  open: OpenReplay,
  total: number,
): Promise<Recorded> => {
  const tables = tx.tables<ReplayTables>();
  if ((await countRunning(tables, open.sourceId)) >= runningMax) return { kind: "limit_reached", max: runningMax };
  const createdAtMs = clock.nowMs();
  await tables
    .insertInto("replays")
    .values({
      ...roadColumns(open.road),
      id: idToBytes(open.id),
      team_id: idToBytes(open.teamId),
      env_id: idToBytes(open.envId),
      source_id: idToBytes(open.sourceId),
      status: open.status,
      filter: toFilterText(open.filter),
      rate_per_second: open.ratePerSecond,
      total,
      queued: 0,
      skipped: 0,
      succeeded: null,
      failed: null,
      cancelled: null,
      cursor: null,
      upper_id: idToBytes(open.upperId),
      resumes: open.resumes === null ? null : idToBytes(open.resumes),
      resumed_by: null,
      leftovers: toLeftoversText(open.leftovers),
      created_at_ms: createdAtMs,
      ended_at_ms: null,
    })
    .execute();
  tx.afterCommit(() => onStarted(open));
  const { cursor: _cursor, upperId: _upperId, leftovers: _leftovers, ...replay } = open;
  const counts = { total, queued: 0, skipped: 0, succeeded: 0, failed: 0, cancelled: 0 };
  return { kind: "started", replay: { ...replay, ...counts, resumedBy: null, createdAtMs, endedAtMs: null } };
};

/** Records a bulk replay and takes it up, unless too many run that are about the same. */
export const record = (parts: RecordParts, open: OpenReplay, total: number): Promise<Recorded> =>
  parts.store.write((tx) => recordIn(tx, parts, open, total), "replays");
