import type { Store } from "../db/store.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import { countByReplay } from "../queue/read.ts";
import { fromReplayRow, isSettled, type ReplayRow, type ReplayTables } from "./_rows.ts";
import { listedMax } from "./limits.ts";
import type { Replay, ReplayScope } from "./replay.ts";

/** Which bulk replay of which source. */
export type ReplayKey = { readonly sourceId: Id; readonly replayId: Id };

type Parts = { readonly store: Pick<Store, "lookup" | "list"> };

const noCounts = { pending: 0, success: 0, failed: 0, cancelled: 0 };

/** Deliveries are counted only while some of them have not ended: afterwards the row holds the counts. */
const counted = async ({ store }: Parts, row: ReplayRow): Promise<Replay> =>
  fromReplayRow(row, isSettled(row) ? noCounts : await countByReplay(store, idFromBytes(row.id)));

/** The newest bulk replays of a source, newest first. */
export const listReplays = async (parts: Parts, scope: ReplayScope, sourceId: Id): Promise<readonly Replay[]> => {
  const rows = await parts.store
    .list<ReplayTables>()
    .selectFrom("replays")
    .selectAll()
    .where("source_id", "=", idToBytes(sourceId))
    .where("team_id", "=", idToBytes(scope.teamId))
    .where("env_id", "=", idToBytes(scope.envId))
    .orderBy("id", "desc")
    .limit(listedMax)
    .execute();
  const replays: Replay[] = [];
  for (const row of rows) replays.push(await counted(parts, row));
  return replays;
};

/** One bulk replay; null when this team and environment own none of that id there. */
export const getReplay = async (
  parts: Parts,
  scope: ReplayScope,
  { sourceId, replayId }: ReplayKey,
): Promise<Replay | null> => {
  const row = await parts.store
    .lookup<ReplayTables>()
    .selectFrom("replays")
    .selectAll()
    .where("id", "=", idToBytes(replayId))
    .where("source_id", "=", idToBytes(sourceId))
    .where("team_id", "=", idToBytes(scope.teamId))
    .where("env_id", "=", idToBytes(scope.envId))
    .executeTakeFirst();
  return row === undefined ? null : counted(parts, row);
};

/** One bulk replay along a road; null when this team and environment own none of that id. */
export const getRoad = async (parts: Parts, scope: ReplayScope, replayId: Id): Promise<Replay | null> => {
  const row = await parts.store
    .lookup<ReplayTables>()
    .selectFrom("replays")
    .selectAll()
    .where("id", "=", idToBytes(replayId))
    .where("destination_id", "is not", null)
    .where("team_id", "=", idToBytes(scope.teamId))
    .where("env_id", "=", idToBytes(scope.envId))
    .executeTakeFirst();
  return row === undefined ? null : counted(parts, row);
};
