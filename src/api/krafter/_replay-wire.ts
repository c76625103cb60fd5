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
};

export const wireReplay: z.ZodType<WireReplay> = z.object({
  id: wireId,
  status: z.enum(["running", "completed", "cancelled", "failed"]),
  total: z.int().describe("Events that the filter found. A lower bound for a source of more than 500,000 events."),
  queued: z.int().describe("Events that were sent on their way."),
  succeeded: z.int(),
  failed: z.int(),
  created_at: wireInstant,
});

export const toWireReplay = (replay: Replay): WireReplay => ({
  id: replay.id,
  status: replay.status,
  total: replay.total,
  queued: replay.queued,
  succeeded: replay.succeeded,
  failed: replay.failed,
  created_at: isoSeconds(replay.createdAtMs),
});
