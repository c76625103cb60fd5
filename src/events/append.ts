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
    dedup: "text",
    schema_valid: "integer",
    method: "text",
    content_type: "text",
    body_bytes: "integer",
    body_dropped: "integer",
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

const flag = (value: boolean): number => (value ? 1 : 0);

const toEventRow = (event: Event): SqlValue[] => [
  event.id,
  event.teamId,
  event.envId,
  event.sourceId,
  event.eventType,
  event.status,
  flag(event.signatureValid),
  event.signatureReason,
  flag(event.quarantined),
  event.providerEventId,
  event.dedup,
  event.schemaValid === null ? null : flag(event.schemaValid),
  event.method,
  event.contentType,
  event.bodyBytes,
  flag(event.bodyDropped),
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
