import { idFromBytes } from "../lib/ids.ts";
import type { Delivery } from "./delivery.ts";

export type DeliveryRow = {
  event_id: Uint8Array;
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  source_id: Uint8Array;
  connection_id: Uint8Array;
  destination_id: Uint8Array;
  is_replay: number;
  replay_id: Uint8Array | null;
  newest: number;
  status: Delivery["status"];
  reason: Delivery["reason"];
  due_at_ms: number | null;
  not_before_ms: number | null;
  enabling: number;
  attempts: number;
  claims: number;
  generation: number;
  ended_at_ms: number | null;
  created_at_ms: number;
};

/** A row of `returning *`: the group commit hands on what the engine gave, and these are our own columns. */
export const asDeliveryRow = (row: Readonly<Record<string, unknown>>): DeliveryRow =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement selects this table's columns
  row as DeliveryRow;

/** The tables of this room. */
export type QueueTables = { deliveries: DeliveryRow };

export const fromDeliveryRow = (row: DeliveryRow): Delivery => ({
  eventId: idFromBytes(row.event_id),
  id: idFromBytes(row.id),
  teamId: idFromBytes(row.team_id),
  envId: idFromBytes(row.env_id),
  sourceId: idFromBytes(row.source_id),
  connectionId: idFromBytes(row.connection_id),
  destinationId: idFromBytes(row.destination_id),
  isReplay: row.is_replay === 1,
  replayId: row.replay_id === null ? null : idFromBytes(row.replay_id),
  status: row.status,
  reason: row.reason,
  attempts: row.attempts,
  claims: row.claims,
  generation: row.generation,
  enabling: row.enabling,
  notBeforeMs: row.not_before_ms,
  endedAtMs: row.ended_at_ms,
  createdAtMs: row.created_at_ms,
});
