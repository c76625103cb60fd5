import { z } from "zod";

import { eventStatuses } from "../events/event.ts";
import { type Id, idFromBytes, idToBytes } from "../lib/ids.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Leftovers, Replay, ReplayFilter, ReplayStatus, Road } from "./replay.ts";

export type ReplayRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  source_id: Uint8Array;
  destination_id: Uint8Array | null;
  connection_id: Uint8Array | null;
  source_ids: string | null;
  status: ReplayStatus;
  filter: string;
  rate_per_second: number | null;
  total: number;
  queued: number;
  skipped: number;
  /** These three are null while some of its deliveries have not ended: until then they are counted where they lie. */
  succeeded: number | null;
  failed: number | null;
  cancelled: number | null;
  /** The last event that was looked at. */
  cursor: Uint8Array | null;
  /** The last event that it takes: what was stored when it was made. */
  upper_id: Uint8Array;
  resumes: Uint8Array | null;
  resumed_by: Uint8Array | null;
  /** Null: none. */
  leftovers: string | null;
  created_at_ms: number;
  ended_at_ms: number | null;
};

/** The tables of this room. */
export type ReplayTables = { replays: ReplayRow };

/** What is left to do for a bulk replay. */
export type OpenReplay = Pick<
  Replay,
  "id" | "teamId" | "envId" | "sourceId" | "road" | "status" | "filter" | "ratePerSecond" | "resumes"
> & {
  readonly cursor: Id | null;
  readonly upperId: Id;
  /** What it begins with. Null: nothing was left. */
  readonly leftovers: Leftovers | null;
};

const filterText: z.ZodType<ReplayFilter> = z.object({
  eventType: z.string().exactOptional(),
  status: z.enum([...eventStatuses, "cancelled"]).exactOptional(),
  fromMs: z.number().exactOptional(),
  toMs: z.number().exactOptional(),
  destinationIds: z.array(z.string()).exactOptional(),
});

/** The text of a filter in its column. */
export const toFilterText = (filter: ReplayFilter): string => JSON.stringify(filter);

const fromFilterText = (text: string): ReplayFilter => filterText.parse(JSON.parse(text));

const ids = z.array(z.string());

const idOrNull = (bytes: Uint8Array | null): Id | null => (bytes === null ? null : idFromBytes(bytes));

const roadOf = ({ destination_id, connection_id, source_ids }: ReplayRow): Road | null =>
  destination_id === null || source_ids === null
    ? null
    : {
        destinationId: idFromBytes(destination_id),
        connectionId: idOrNull(connection_id),
        sourceIds: ids.parse(JSON.parse(source_ids)),
      };

/** The columns of a road. */
export const roadColumns = (road: Road | null): Pick<ReplayRow, "destination_id" | "connection_id" | "source_ids"> => {
  if (road === null) return { destination_id: null, connection_id: null, source_ids: null };
  const { destinationId, connectionId, sourceIds } = road;
  return {
    destination_id: idToBytes(destinationId),
    connection_id: connectionId === null ? null : idToBytes(connectionId),
    source_ids: JSON.stringify(sourceIds),
  };
};

const leftoversText: z.ZodType<Leftovers> = z.object({ replayIds: z.array(z.string()), through: z.string() });

/** What others left, in its column. */
export const toLeftoversText = (leftovers: Leftovers | null): string | null =>
  leftovers === null ? null : JSON.stringify(leftovers);

const fromLeftoversText = (text: string | null): Leftovers | null =>
  text === null ? null : leftoversText.parse(JSON.parse(text));

/** Whether all of its deliveries have ended, and were counted. */
export const isSettled = ({ succeeded }: Pick<ReplayRow, "succeeded">): boolean => succeeded !== null;

/** `counts` stand for what the row does not hold yet. */
export const fromReplayRow = (row: ReplayRow, counts: Readonly<Record<Delivery["status"], number>>): Replay => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  sourceId: idFromBytes(row.source_id),
  road: roadOf(row),
  status: row.status,
  filter: fromFilterText(row.filter),
  ratePerSecond: row.rate_per_second,
  total: Math.max(row.total, row.queued + row.skipped),
  queued: row.queued,
  skipped: row.skipped,
  succeeded: row.succeeded ?? counts.success,
  failed: row.failed ?? counts.failed,
  cancelled: row.cancelled ?? counts.cancelled,
  resumes: idOrNull(row.resumes),
  resumedBy: idOrNull(row.resumed_by),
  createdAtMs: row.created_at_ms,
  endedAtMs: row.ended_at_ms,
});

export const fromOpenRow = (row: ReplayRow): OpenReplay => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  sourceId: idFromBytes(row.source_id),
  road: roadOf(row),
  status: row.status,
  filter: fromFilterText(row.filter),
  ratePerSecond: row.rate_per_second,
  resumes: idOrNull(row.resumes),
  cursor: idOrNull(row.cursor),
  upperId: idFromBytes(row.upper_id),
  leftovers: fromLeftoversText(row.leftovers),
});
