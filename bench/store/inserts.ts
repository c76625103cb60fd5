import type { DatabaseSync } from "node:sqlite";

import type { SeedEvent, SeedRow } from "./rows.ts";

const insertOf = (database: DatabaseSync, table: string, columns: readonly string[]): ((row: SeedRow) => void) => {
  const places = columns.map(() => "?").join(", ");
  const statement = database.prepare(`insert into ${table} (${columns.join(", ")}) values (${places})`);
  return (row) => void statement.run(...columns.map((column) => row[column] ?? null));
};

const eventColumns = [
  "id",
  "team_id",
  "env_id",
  "source_id",
  "event_type",
  "status",
  "signature_valid",
  "signature_reason",
  "quarantined",
  "provider_event_id",
  "body_bytes",
  "received_at_ms",
];
const payloadColumns = ["event_id", "method", "query", "sender_address", "headers", "body"];
const deliveryColumns = [
  "event_id",
  "id",
  "team_id",
  "env_id",
  "source_id",
  "connection_id",
  "destination_id",
  "is_replay",
  "newest",
  "status",
  "reason",
  "due_at_ms",
  "enabling",
  "attempts",
  "claims",
  "generation",
  "ended_at_ms",
  "created_at_ms",
];
const attemptColumns = [
  "event_id",
  "delivery_id",
  "number",
  "team_id",
  "env_id",
  "destination_id",
  "attempt_id",
  "code",
  "error",
  "response_status",
  "response_body",
  "duration_ms",
  "started_at_ms",
];

/** Writes one event with all that belongs to it. */
export const createInserts = (database: DatabaseSync): ((event: SeedEvent) => void) => {
  const insertEvent = insertOf(database, "events", eventColumns);
  const insertPayload = insertOf(database, "payloads", payloadColumns);
  const insertDelivery = insertOf(database, "deliveries", deliveryColumns);
  const insertAttempt = insertOf(database, "attempts", attemptColumns);
  return ({ event, payload, deliveries, attempts }) => {
    insertEvent(event);
    insertPayload(payload);
    for (const delivery of deliveries) insertDelivery(delivery);
    for (const attempt of attempts) insertAttempt(attempt);
  };
};
