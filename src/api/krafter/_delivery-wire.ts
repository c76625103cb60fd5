import { z } from "zod";

import type { Attempt } from "../../delivery/attempt-log.ts";
import { isoSeconds } from "../../lib/clock.ts";
import type { DeliveryStatus } from "../../queue/delivery.ts";
import { wireId, wireInstant } from "./_fields.ts";
import type { TriedDelivery } from "./ports.ts";

/** How much of a receiver's answer is shown. */
const responseBytesMax = 1_024;

/** One attempt, for those who asked for all of them. */
export type WireAttempt = {
  attempt: number;
  code: string | null;
  error: string | null;
  response_status: number | null;
  response_body: string | null;
  duration_ms: number;
  started_at: string;
};

/** A delivery of an event: the documented fields in their order, then ours. */
export type WireDelivery = {
  id: string;
  destination_id: string;
  status: DeliveryStatus;
  response_status: number | null;
  response_body: string | null;
  attempt: number;
  delivered_at: string | null;
  created_at: string;
  reason: string | null;
  attempts?: readonly WireAttempt[];
};

const wireAttempt: z.ZodType<WireAttempt> = z.object({
  attempt: z.int().describe("1 for the first."),
  code: z.string().nullable().describe("Why it failed, from a closed set. Null: it succeeded."),
  error: z.string().nullable(),
  response_status: z.int().nullable(),
  response_body: z.string().nullable(),
  duration_ms: z.number(),
  started_at: wireInstant,
});

export const wireDelivery: z.ZodType<WireDelivery> = z.object({
  id: wireId,
  destination_id: wireId,
  status: z.enum(["pending", "success", "failed", "cancelled"]),
  response_status: z.int().nullable().describe("Of the newest attempt."),
  response_body: z.string().nullable().describe("The first 1,024 bytes of it."),
  attempt: z.int().describe("Attempts that were made."),
  delivered_at: wireInstant.nullable(),
  created_at: wireInstant,
  reason: z.string().nullable().describe("Why it was cancelled or failed."),
  attempts: z.array(wireAttempt).exactOptional().describe("With `include=attempts`."),
});

const toText = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : new TextDecoder().decode(bytes.subarray(0, responseBytesMax));

const toWireAttempt = (attempt: Attempt): WireAttempt => ({
  attempt: attempt.number,
  code: attempt.code,
  error: attempt.error,
  response_status: attempt.responseStatus,
  response_body: toText(attempt.responseBody),
  duration_ms: Math.round(attempt.durationMs),
  started_at: isoSeconds(attempt.startedAtMs),
});

export const toWireDelivery = (
  { delivery, attempts }: TriedDelivery,
  include: { readonly attempts: boolean },
): WireDelivery => {
  const newest = attempts.at(-1);
  const deliveredAtMs = delivery.status === "success" ? delivery.endedAtMs : null;
  return {
    id: delivery.id,
    destination_id: delivery.destinationId,
    status: delivery.status,
    response_status: newest?.responseStatus ?? null,
    response_body: toText(newest?.responseBody ?? null),
    attempt: delivery.attempts,
    delivered_at: deliveredAtMs === null ? null : isoSeconds(deliveredAtMs),
    created_at: isoSeconds(delivery.createdAtMs),
    reason: delivery.reason,
    ...(include.attempts ? { attempts: attempts.map(toWireAttempt) } : {}),
  };
};
