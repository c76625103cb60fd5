import type { Store, Tx } from "../db/store.ts";
import { refreshStatuses } from "../events/status.ts";
import type { Clock } from "../lib/clock.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import { cancelReplayed } from "../queue/of-replay.ts";
import { countByReplay } from "../queue/read.ts";
import { fromOpenRow, type OpenReplay, type ReplayTables } from "./_rows.ts";
import { getReplay, type ReplayKey } from "./read-replays.ts";
import type { Replay, ReplayScope } from "./replay.ts";

/** Deliveries that are cancelled in one transaction: all other writes wait for it. */
const cancelledMax = 500;

type Parts = { readonly store: Pick<Store, "lookup" | "list" | "write">; readonly clock: Pick<Clock, "nowMs"> };

/** Replays that one read brings to memory. */
const openMax = 1_000;

/** Bulk replays that are not done with, in the order of ids: they run, or deliveries of theirs have not ended. */
export const openReplays = async (tx: Tx, after: Id | null): Promise<readonly OpenReplay[]> => {
  const rows = await tx
    .tables<ReplayTables>()
    .selectFrom("replays")
    .selectAll()
    .where("succeeded", "is", null)
    .where("id", ">", after === null ? Buffer.alloc(0) : idToBytes(after))
    .orderBy("id")
    .limit(openMax)
    .execute();
  return rows.map(fromOpenRow);
};

/** What is left to do for one; null when there is nothing, or it is gone. */
export const readOpen = async ({ store }: Pick<Parts, "store">, replayId: Id): Promise<OpenReplay | null> => {
  const row = await store
    .lookup<ReplayTables>()
    .selectFrom("replays")
    .selectAll()
    .where("id", "=", idToBytes(replayId))
    .where("succeeded", "is", null)
    .executeTakeFirst();
  return row === undefined ? null : fromOpenRow(row);
};

/**
 * Ends a bulk replay that runs: no further page, and none of its deliveries starts any more. Those that wait are
 * cancelled behind the answer, in batches. One that has ended stays as it is.
 */
export const cancelReplay = async (
  { store, clock, onCancelled }: Parts & { readonly onCancelled: (replayId: Id) => void },
  scope: ReplayScope,
  key: ReplayKey,
): Promise<Replay | null> => {
  await store.write(async (tx) => {
    const changed = await tx
      .tables<ReplayTables>()
      .updateTable("replays")
      .set({ status: "cancelled", ended_at_ms: clock.nowMs() })
      .where("id", "=", idToBytes(key.replayId))
      .where("source_id", "=", idToBytes(key.sourceId))
      .where("team_id", "=", idToBytes(scope.teamId))
      .where("env_id", "=", idToBytes(scope.envId))
      .where("status", "=", "running")
      .executeTakeFirst();
    if (changed.numUpdatedRows > 0n) tx.afterCommit(() => onCancelled(key.replayId));
  }, "replays");
  return getReplay({ store }, scope, key);
};

/** Cancels some of what a cancelled replay still has waiting. `more`: there is more of it. */
export const cancelWaiting = async (
  { store, clock }: Parts,
  replayId: Id,
): Promise<{ readonly cancelled: number; readonly more: boolean }> => {
  const eventIds = await store.write(async (tx) => {
    const cancelled = await cancelReplayed(tx, { replayId, nowMs: clock.nowMs(), limit: cancelledMax });
    await refreshStatuses(tx, cancelled);
    return cancelled;
  });
  return { cancelled: eventIds.length, more: eventIds.length === cancelledMax };
};

/** Records that a bulk replay cannot go on. What it made by then does. */
export const failReplay = async ({ store, clock }: Parts, replayId: Id): Promise<void> => {
  await store.write(async (tx) => {
    await tx
      .tables<ReplayTables>()
      .updateTable("replays")
      .set({ status: "failed", ended_at_ms: clock.nowMs() })
      .where("id", "=", idToBytes(replayId))
      .where("status", "=", "running")
      .execute();
  });
};

/** Records what became of all deliveries of a bulk replay, once none of them waits any more, and tells of it. */
export const settleReplay = async (
  { store, clock, observer }: Parts & { readonly observer: Pick<Observer, "replayEnded"> },
  replayId: Id,
): Promise<void> => {
  const { success: succeeded, failed, cancelled } = await countByReplay(store, replayId);
  await store.write(async (tx) => {
    const tables = tx.tables<ReplayTables>();
    const id = idToBytes(replayId);
    const row = await tables
      .selectFrom("replays")
      .select(["source_id", "status", "queued", "skipped", "ended_at_ms"])
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined) return;
    const status = row.status === "running" ? "completed" : row.status;
    const ended_at_ms = row.ended_at_ms ?? clock.nowMs();
    await tables
      .updateTable("replays")
      .set({ status, ended_at_ms, succeeded, failed, cancelled })
      .where("id", "=", id)
      .execute();
    const { queued, skipped } = row;
    const sourceId = idFromBytes(row.source_id);
    tx.afterCommit(() =>
      observer.replayEnded({ status, replayId, sourceId, queued, skipped, succeeded, failed, cancelled }),
    );
  }, "replays");
};
