import { z } from "zod";

import { isoSeconds } from "../../lib/clock.ts";
import type { Headers } from "../../lib/headers.ts";
import { nameOf } from "../../routing/destination.ts";
import { connectionName } from "./_connection-wire.ts";
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
  request_headers: string | null;
  request_body_size: number;
  response_status: number | null;
  response_headers: string | null;
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
  request_headers: z
    .string()
    .nullable()
    .describe("JSON. Our own credentials are `[redacted]`. Null: nothing was sent, or it is not kept."),
  request_body_size: z.int(),
  response_status: z.int().nullable(),
  response_headers: z.string().nullable().describe("JSON."),
  response_body: z.string().nullable().describe("The first 1,024 bytes."),
  duration_ms: z.int(),
  status: z.enum(["success", "failed"]),
  error: z.string().nullable(),
  attempt_number: z.int().describe("1 for the first."),
  next_retry_at: wireInstant.nullable(),
  is_dlq: wireFlag.describe("1: it was the last, and the delivery has failed."),
  dlq_at: wireInstant.nullable(),
  trigger_type: z
    .enum(["initial", "retry", "replay"])
    .describe("`retry`: by the destination's policy, or by hand. `replay`: of a replay job."),
  created_at: wireInstant,
  connection_name: z.string().nullable(),
  destination_name: z.string().nullable(),
});

const triggerOf = ({ attempt, delivery }: ListedAttempt): WireAttempt["trigger_type"] => {
  if (delivery.replayId !== null) return "replay";
  return attempt.number > 1 || delivery.isReplay ? "retry" : "initial";
};

/** When an attempt was the last of a delivery that failed. */
const givenUpAtMs = ({ attempt, delivery }: ListedAttempt): number | null =>
  delivery.status === "failed" && attempt.number === delivery.attempts ? delivery.endedAtMs : null;

const toWireHeaders = (headers: Headers | null | undefined): string | null => {
  if (headers === null || headers === undefined) return null;
  const grouped = Map.groupBy(headers, ([name]) => name);
  return JSON.stringify(
    Object.fromEntries([...grouped].map(([name, all]) => [name, all.map(([, value]) => value).join(", ")])),
  );
};

type Exchanged = Pick<
  WireAttempt,
  "request_url" | "request_method" | "request_headers" | "request_body_size" | "response_headers"
>;

/** What was sent; where that is not kept, what is sent now. */
const toExchange = ({ attempt: { exchange }, destination, bodyBytes }: ListedAttempt): Exchanged => ({
  request_url: exchange?.url ?? destination.url,
  request_method: exchange?.method ?? destination.method,
  request_headers: toWireHeaders(exchange?.requestHeaders),
  request_body_size: exchange?.requestBytes ?? bodyBytes,
  response_headers: toWireHeaders(exchange?.responseHeaders),
});

export const toWireAttempt = (listed: ListedAttempt): WireAttempt => {
  const { attempt, delivery, destination, connection } = listed;
  const deadAtMs = givenUpAtMs(listed);
  const isNewest = delivery.status === "pending" && attempt.number === delivery.attempts;
  const retryAtMs = isNewest ? (listed.nextAtMs ?? delivery.notBeforeMs) : null;
  const { request_url, request_method, request_headers, request_body_size, response_headers } = toExchange(listed);
  const destinationName = nameOf(destination);
  return {
    id: toWireId(attempt.id),
    event_id: toWireId(delivery.eventId),
    connection_id: toWireId(delivery.connectionId),
    destination_id: toWireId(delivery.destinationId),
    request_url,
    request_method,
    request_headers,
    request_body_size,
    response_status: attempt.responseStatus,
    response_headers,
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
    connection_name: connection === null ? null : connectionName(connection, destinationName),
    destination_name: destinationName,
  };
};
