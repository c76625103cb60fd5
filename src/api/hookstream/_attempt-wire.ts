import { z } from "zod";

import { isoSeconds } from "../../lib/clock.ts";
import { toWireFlag, toWireId, wireFlag, wireId, wireInstant } from "./_fields.ts";
import type { ListedAttempt } from "./ports.ts";

/** One try to deliver an event. */
export type WireAttempt = {
  id: string;
  event_id: string;
  connection_id: string;
  destination_id: string;
  request_url: string;
  request_method: string;
  request_headers: null;
  request_body_size: number;
  response_status: number | null;
  response_headers: null;
  response_body: string | null;
  duration_ms: number;
  status: "success" | "failed";
  error: string | null;
  attempt_number: number;
  next_retry_at: string | null;
  is_dlq: number;
  dlq_at: string | null;
  trigger_type: "initial" | "retry" | "replay";
  created_at: string;
  connection_name: string | null;
  destination_name: string | null;
};

export const wireAttempt: z.ZodType<WireAttempt> = z.object({
  id: wireId,
  event_id: wireId,
  connection_id: wireId,
  destination_id: wireId,
  request_url: z.string(),
  request_method: z.string(),
  request_headers: z.null().describe("Not kept."),
  request_body_size: z.int(),
  response_status: z.int().nullable(),
  response_headers: z.null().describe("Not kept."),
  response_body: z.string().nullable().describe("The first 1,024 bytes."),
  duration_ms: z.int(),
  status: z.enum(["success", "failed"]),
  error: z.string().nullable(),
  attempt_number: z.int().describe("1 for the first."),
  next_retry_at: wireInstant.nullable(),
  is_dlq: wireFlag.describe("1: it was the last, and the delivery has failed."),
  dlq_at: wireInstant.nullable(),
  trigger_type: z.enum(["initial", "retry", "replay"]),
  created_at: wireInstant,
  connection_name: z.string().nullable(),
  destination_name: z.string().nullable(),
});

const triggerOf = ({ attempt, delivery }: ListedAttempt): WireAttempt["trigger_type"] => {
  if (attempt.number > 1) return "retry";
  return delivery.isReplay ? "replay" : "initial";
};

/** When an attempt was the last of a delivery that failed. */
const givenUpAtMs = ({ attempt, delivery }: ListedAttempt): number | null =>
  delivery.status === "failed" && attempt.number === delivery.attempts ? delivery.endedAtMs : null;

export const toWireAttempt = (listed: ListedAttempt, bodyBytes: number): WireAttempt => {
  const { attempt, delivery, destination } = listed;
  const deadAtMs = givenUpAtMs(listed);
  const retryAtMs = delivery.status === "pending" && attempt.number === delivery.attempts ? delivery.notBeforeMs : null;
  return {
    id: toWireId(attempt.id),
    event_id: toWireId(delivery.eventId),
    connection_id: toWireId(delivery.connectionId),
    destination_id: toWireId(delivery.destinationId),
    request_url: destination.url,
    request_method: "POST",
    request_headers: null,
    request_body_size: bodyBytes,
    response_status: attempt.responseStatus,
    response_headers: null,
    response_body: attempt.responseBody === null ? null : new TextDecoder().decode(attempt.responseBody),
    duration_ms: Math.round(attempt.durationMs),
    status: attempt.code === null ? "success" : "failed",
    error: attempt.error,
    attempt_number: attempt.number,
    next_retry_at: retryAtMs === null ? null : isoSeconds(retryAtMs),
    is_dlq: toWireFlag(deadAtMs !== null),
    dlq_at: deadAtMs === null ? null : isoSeconds(deadAtMs),
    trigger_type: triggerOf(listed),
    created_at: isoSeconds(attempt.startedAtMs),
    connection_name: null,
    destination_name: null,
  };
};
