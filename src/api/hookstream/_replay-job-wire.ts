import { z } from "zod";

import { isoSeconds } from "../../lib/clock.ts";
import type { Id } from "../../lib/ids.ts";
import type { Replay } from "../../replay/replay.ts";
import { toWireId, wireId, wireInstant } from "./_fields.ts";

/** A job, and how far it has come. */
export type WireJob = {
  id: string;
  destination_id: string;
  connection_id: string | null;
  source_ids: string;
  from: string | null;
  to: string | null;
  rate_limit: number | null;
  status: Replay["status"];
  total: number;
  processed: number;
  succeeded: number;
  failed: number;
  started_at: string;
  completed_at: string | null;
  resumes: string | null;
  resumed_by: string | null;
};

export const wireJob: z.ZodObject<{ [Key in keyof WireJob]: z.ZodType<WireJob[Key]> }> = z.object({
  id: wireId,
  destination_id: wireId,
  connection_id: wireId.nullable(),
  source_ids: z.string().describe("JSON."),
  from: wireInstant.nullable(),
  to: wireInstant.nullable(),
  rate_limit: z.int().nullable(),
  status: z.enum(["running", "completed", "cancelled", "failed"]),
  total: z.int(),
  processed: z.int().describe("Events that were looked at: sent on, or left out because nothing takes them now."),
  succeeded: z.int(),
  failed: z.int().describe("Deliveries that failed, or were cancelled. They are not tried again."),
  started_at: wireInstant,
  completed_at: wireInstant.nullable(),
  resumes: wireId.nullable().describe("The job that this one goes on with."),
  resumed_by: wireId.nullable().describe("The job that goes on with this one."),
});

const toIdOrNull = (id: Id | null | undefined): string | null =>
  id === null || id === undefined ? null : toWireId(id);

const toInstant = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : isoSeconds(ms);

/** How a job looks in answers. */
export const toWireJob = (replay: Replay): WireJob => ({
  id: toWireId(replay.id),
  destination_id: toWireId(replay.sourceId),
  connection_id: toIdOrNull(replay.road?.connectionId),
  source_ids: JSON.stringify(replay.road?.sourceIds.map(toWireId) ?? []),
  from: toInstant(replay.filter.fromMs),
  to: toInstant(replay.filter.toMs),
  rate_limit: replay.ratePerSecond,
  status: replay.status,
  total: replay.total,
  processed: replay.queued + replay.skipped,
  succeeded: replay.succeeded,
  failed: replay.failed + replay.cancelled,
  started_at: isoSeconds(replay.createdAtMs),
  completed_at: toInstant(replay.endedAtMs),
  resumes: toIdOrNull(replay.resumes),
  resumed_by: toIdOrNull(replay.resumedBy),
});

/** What the documentation shows. */
export const exampleJob: WireJob = {
  id: "019dc8a011f37c558f0a2b3c4d5e6f70",
  destination_id: "019dc7f290a17d048b1c5e2f7c9a1d38",
  connection_id: null,
  source_ids: '["019dc7f12b407c3e9d513f6b0a8e4c27"]',
  from: "2026-04-26T00:00:00Z",
  to: "2026-04-27T00:00:00Z",
  rate_limit: 10,
  status: "completed",
  total: 342,
  processed: 342,
  succeeded: 340,
  failed: 2,
  started_at: "2026-04-27T09:00:00Z",
  completed_at: "2026-04-27T09:00:35Z",
  resumes: null,
  resumed_by: null,
};

/** A job that goes on with that one. */
export const exampleLaterJobId = "019dc8b462a77e089c317d1e5f2a3b4c";
