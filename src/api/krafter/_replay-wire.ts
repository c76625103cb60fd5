import { z } from "zod";

import { isoSeconds } from "../../lib/clock.ts";
import { wireId, wireInstant } from "./_fields.ts";
import type { Replay, ReplayStatus } from "./ports.ts";

/** A bulk replay, and how far it has come. */
export type WireReplay = {
  id: string;
  status: ReplayStatus;
  total: number;
  queued: number;
  succeeded: number;
  failed: number;
  created_at: string;
  cancelled: number;
  skipped: number;
  resumes: string | null;
  resumed_by: string | null;
};

export const wireReplay: z.ZodType<WireReplay> = z.object({
  id: wireId,
  status: z.enum(["running", "completed", "cancelled", "failed"]),
  total: z.int().describe("Events that it found. A lower bound for a source of more than 500,000 events."),
  queued: z.int().describe("Events that were sent on their way."),
  succeeded: z.int().describe("Deliveries."),
  failed: z.int().describe("Deliveries."),
  created_at: wireInstant,
  cancelled: z.int().describe("Deliveries."),
  skipped: z.int().describe("Events that no destination takes now, or that have no valid signature."),
  resumes: wireId.nullable().describe("The replay that this one goes on with."),
  resumed_by: wireId.nullable().describe("The replay that goes on with this one."),
});

export const toWireReplay = (replay: Replay): WireReplay => ({
  id: replay.id,
  status: replay.status,
  total: replay.total,
  queued: replay.queued,
  succeeded: replay.succeeded,
  failed: replay.failed,
  created_at: isoSeconds(replay.createdAtMs),
  cancelled: replay.cancelled,
  skipped: replay.skipped,
  resumes: replay.resumes,
  resumed_by: replay.resumedBy,
});
