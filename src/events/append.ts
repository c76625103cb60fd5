import { insertStatement, type Operation, type SqlValue } from "../db/statement.ts";
import { storable } from "../lib/text.ts";
import { toHeaderBytes } from "./_rows.ts";
import type { Event, Payload } from "./event.ts";

const insertEvents = insertStatement({
  table: "events",
  columns: {
    id: "id",
    team_id: "id",
    env_id: "id",
    source_id: "id",
    event_type: "text",
    status: "text",
    signature_valid: "integer",
    signature_reason: "text",
    quarantined: "integer",
    provider_event_id: "text",
    body_bytes: "integer",
    received_at_ms: "integer",
  },
});

const insertPayloads = insertStatement({
  table: "payloads",
  columns: {
    event_id: "id",
    method: "text",
    query: "text",
    sender_address: "text",
    headers: "bytes",
    body: "bytes",
  },
});

const toEventRow = (event: Event): SqlValue[] => [
  event.id,
  event.teamId,
  event.envId,
  event.sourceId,
  event.eventType,
  event.status,
  event.signatureValid ? 1 : 0,
  event.signatureReason,
  event.quarantined ? 1 : 0,
  event.providerEventId,
  event.bodyBytes,
  event.receivedAtMs,
];

/** What stores new events. They come with ids that grow, in the order of commit. */
export const appendOperations = (
  arrivals: readonly { readonly event: Event; readonly payload: Payload }[],
): readonly Operation[] => [
  { statement: insertEvents, rows: arrivals.map(({ event }) => toEventRow(event)) },
  {
    statement: insertPayloads,
    rows: arrivals.map(({ event, payload }) => [
      event.id,
      payload.method,
      storable(payload.query),
      payload.senderAddress,
      toHeaderBytes(payload.headers),
      payload.body,
    ]),
  },
];
