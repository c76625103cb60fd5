import { insertBeside } from "../db/insert-beside.ts";
import { type Columns, insertStatement, type Operation, type SqlValue } from "../db/statement.ts";
import { storable } from "../lib/text.ts";
import { toHeaderBytes } from "./_rows.ts";
import type { Event, Payload } from "./event.ts";

const eventColumns = {
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
} as const satisfies Columns;

const payloadColumns = {
  event_id: "id",
  method: "text",
  query: "text",
  sender_address: "text",
  headers: "bytes",
  body: "bytes",
} as const satisfies Columns;

const insertEvents = insertStatement({ table: "events", columns: eventColumns });
const insertPayloads = insertStatement({ table: "payloads", columns: payloadColumns });

/** The row that says who came first under a key. */
const firstOfKey = { beside: "dedup_keys k", on: "k.source_id = :source_id and k.key = :key" } as const;

const insertKeyedEvents = insertBeside({
  table: "events",
  columns: eventColumns,
  given: { key: "bytes" },
  ...firstOfKey,
  compute: {
    status: "case when k.event_id = :id then :status else 'received' end",
    dedup: "case when k.event_id = :id then 'unique' else 'duplicate' end",
    body_dropped: "case when k.event_id = :id then 0 else 1 end",
  },
});

const insertKeyedPayloads = insertBeside({
  table: "payloads",
  columns: payloadColumns,
  given: { source_id: "id", key: "bytes", no_body: "bytes" },
  ...firstOfKey,
  compute: { body: "case when k.event_id = :event_id then :body else :no_body end" },
});

const noBody = Buffer.alloc(0);

/** A new event. */
export type Appended = { readonly event: Event; readonly payload: Payload };

/** One of which another may have come before: what its source knows both by. */
export type AppendedUnderKey = Appended & { readonly key: Uint8Array };

const flag = (value: boolean): number => (value ? 1 : 0);

const toEventRow = ({ event }: Appended): SqlValue[] => [
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

const toPayloadRow = ({ event, payload }: Appended): SqlValue[] => [
  event.id,
  payload.method,
  storable(payload.query),
  payload.senderAddress,
  toHeaderBytes(payload.headers),
  event.bodyDropped ? noBody : payload.body,
];

/** What stores new events. They come with ids that grow, in the order of commit. */
export const appendOperations = (arrivals: readonly Appended[]): readonly Operation[] => [
  { statement: insertEvents, rows: arrivals.map(toEventRow) },
  { statement: insertPayloads, rows: arrivals.map(toPayloadRow) },
];

/**
 * The same for events whose source looks for repeats, after their keys were claimed: whose key is another's is a duplicate,
 * `received` and without its body.
 */
export const appendKeyedOperations = (arrivals: readonly AppendedUnderKey[]): readonly Operation[] => [
  { statement: insertKeyedEvents, rows: arrivals.map((arrival) => [...toEventRow(arrival), arrival.key]) },
  {
    statement: insertKeyedPayloads,
    rows: arrivals.map((arrival) => [...toPayloadRow(arrival), arrival.event.sourceId, arrival.key, noBody]),
  },
];
