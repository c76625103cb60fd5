import type { Headers } from "../lib/headers.ts";
import { idFromBytes } from "../lib/ids.ts";
import type { DedupStatus, Event, EventStatus, Payload, SignatureReason } from "./event.ts";

type EventRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  source_id: Uint8Array;
  event_type: string | null;
  status: EventStatus;
  signature_valid: number;
  signature_reason: SignatureReason;
  quarantined: number;
  provider_event_id: string | null;
  dedup: DedupStatus | null;
  schema_valid: number | null;
  method: string | null;
  content_type: string | null;
  body_bytes: number;
  body_dropped: number;
  received_at_ms: number;
};

type PayloadRow = {
  event_id: Uint8Array;
  method: string;
  query: string;
  sender_address: string | null;
  headers: Uint8Array;
  body: Uint8Array;
};

type SourceCountRow = { source_id: Uint8Array; slot: number; events: number; last_event_at_ms: number };

/** The tables of this room. */
export type EventTables = { events: EventRow; payloads: PayloadRow; source_counts: SourceCountRow };

export const fromEventRow = (row: EventRow): Event => ({
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  sourceId: idFromBytes(row.source_id),
  eventType: row.event_type,
  status: row.status,
  signatureValid: row.signature_valid === 1,
  signatureReason: row.signature_reason,
  quarantined: row.quarantined === 1,
  providerEventId: row.provider_event_id,
  dedup: row.dedup,
  schemaValid: row.schema_valid === null ? null : row.schema_valid === 1,
  method: row.method,
  contentType: row.content_type,
  bodyBytes: row.body_bytes,
  bodyDropped: row.body_dropped === 1,
  receivedAtMs: row.received_at_ms,
});

/** Headers as bytes: JSON, whose strings hold one character per byte received. */
export const toHeaderBytes = (headers: Headers): Buffer => Buffer.from(JSON.stringify(headers));

export const fromPayloadRow = (row: Omit<PayloadRow, "event_id">): Payload => ({
  method: row.method,
  query: row.query,
  senderAddress: row.sender_address,
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by `toHeaderBytes` alone
  headers: JSON.parse(Buffer.from(row.headers).toString()) as Headers,
  body: row.body,
});
