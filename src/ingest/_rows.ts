import type { RefusedReason } from "./refusal.ts";

type DedupKeyRow = { source_id: Uint8Array; key: Uint8Array; event_id: Uint8Array; expires_at_ms: number };

export type RefusedRow = {
  id: Uint8Array;
  team_id: Uint8Array;
  env_id: Uint8Array;
  source_id: Uint8Array;
  reason: RefusedReason;
  status: number;
  method: string;
  sender_address: string | null;
  body_bytes: number;
  received_at_ms: number;
};

/** The tables of this room. */
export type IngestTables = { dedup_keys: DedupKeyRow; refused_requests: RefusedRow };
