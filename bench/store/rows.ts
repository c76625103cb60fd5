import type { SQLInputValue } from "node:sqlite";

import { bodyOf, headersOf } from "../load/request.ts";
import { type Fate, fateOf, scatter } from "./fate.ts";
import type { Owned } from "./owned.ts";

/** A row by column. Columns that are not there are null. */
export type SeedRow = Readonly<Record<string, SQLInputValue>>;

/** An event and all that belongs to it. */
export type SeedEvent = {
  readonly event: SeedRow;
  readonly payload: SeedRow;
  readonly deliveries: readonly SeedRow[];
  readonly attempts: readonly SeedRow[];
};

/** A source with its destinations. `weight`: its share of the events, beside those of the others. */
export type SeedSource = Owned & { readonly weight: number; readonly isBacklog: boolean };

const bodiesCount = 1_024;
const attemptMs = 42;
const answerBody = Buffer.from("ok");

/** UUIDv7 bytes: the time, then what makes it unique and keeps it growing. */
const idOf = (atMs: number, number: number, kind: number): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(atMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | kind, 6);
  bytes.writeUInt32BE(0x80_00_00_00, 8);
  bytes.writeUInt32BE(number, 12);
  return bytes;
};

const eventRow = (
  { scope, sourceId }: Owned,
  fate: Fate,
  at: { id: Buffer; atMs: number; bodyBytes: number },
): SeedRow => ({
  ...scope,
  id: at.id,
  source_id: sourceId,
  event_type: fate.eventType,
  status: fate.eventStatus,
  signature_valid: fate.isGenuine ? 1 : 0,
  signature_reason: fate.isGenuine ? "ok" : "mismatch",
  quarantined: fate.isGenuine ? 0 : 1,
  provider_event_id: at.id.toString("hex"),
  body_bytes: at.bodyBytes,
  received_at_ms: at.atMs,
});

type Sent = { readonly eventId: Buffer; readonly number: number; readonly atMs: number };

const deliveryRow = (
  { scope, sourceId, routes }: Owned,
  fate: Fate,
  { eventId, number, atMs }: Sent,
  index: number,
): SeedRow => ({
  ...scope,
  event_id: eventId,
  id: idOf(atMs, number, index + 1),
  source_id: sourceId,
  connection_id: routes[index]?.connectionId ?? null,
  destination_id: routes[index]?.destinationId ?? null,
  is_replay: 0,
  newest: 1,
  status: fate.deliveryStatus,
  reason: fate.deliveryStatus === "failed" ? "exhausted" : null,
  due_at_ms: fate.deliveryStatus === "pending" ? atMs : null,
  enabling: 0,
  attempts: fate.attempts,
  claims: 0,
  generation: fate.attempts,
  ended_at_ms: fate.deliveryStatus === "pending" ? null : atMs + attemptMs,
  created_at_ms: atMs,
});

const attemptRow = ({ scope }: Owned, fate: Fate, delivery: SeedRow, try_: Sent & { nth: number }): SeedRow => {
  const isFailure = try_.nth < fate.attempts || fate.deliveryStatus === "failed";
  return {
    ...scope,
    event_id: try_.eventId,
    delivery_id: delivery["id"] ?? null,
    number: try_.nth,
    destination_id: delivery["destination_id"] ?? null,
    attempt_id: idOf(try_.atMs, try_.number, 0x100 + try_.nth),
    code: isFailure ? "status" : null,
    error: isFailure ? "the receiver answered 500" : null,
    response_status: isFailure ? 500 : 200,
    response_body: answerBody,
    duration_ms: attemptMs,
    started_at_ms: try_.atMs,
  };
};

/** Makes events one after the other; each has a number and a time, both growing. */
export const createEventMaker = (sources: readonly SeedSource[]): ((number: number, atMs: number) => SeedEvent) => {
  const turns = sources.flatMap((source) => Array.from({ length: source.weight }, () => source));
  const payloads = Array.from({ length: bodiesCount }, (_, seed) => {
    const body = bodyOf(seed);
    const headers = headersOf(body, seed).map(([name, value]) => [name.toLowerCase(), value]);
    return { body, headers: Buffer.from(JSON.stringify(headers)) };
  });
  return (number, atMs) => {
    const source = turns[scatter(number, 4, turns.length)];
    const stored = payloads[number % bodiesCount];
    if (source === undefined || stored === undefined) throw new Error("there is no source to fill");
    const fate = fateOf(number, source.isBacklog);
    const eventId = idOf(atMs, number, 0);
    const sent = { eventId, number, atMs };
    const deliveries = fate.isGenuine ? source.routes.map((_, index) => deliveryRow(source, fate, sent, index)) : [];
    return {
      event: eventRow(source, fate, { id: eventId, atMs, bodyBytes: stored.body.length }),
      payload: { event_id: eventId, method: "POST", query: "", sender_address: "127.0.0.1", ...stored },
      deliveries,
      attempts: deliveries.flatMap((delivery) =>
        Array.from({ length: fate.attempts }, (_, index) =>
          attemptRow(source, fate, delivery, { ...sent, nth: index + 1 }),
        ),
      ),
    };
  };
};
