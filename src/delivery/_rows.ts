import type { AttemptCode } from "./outcome.ts";

type AttemptRow = {
  event_id: Uint8Array;
  delivery_id: Uint8Array;
  number: number;
  team_id: Uint8Array;
  env_id: Uint8Array;
  destination_id: Uint8Array;
  attempt_id: Uint8Array;
  code: AttemptCode | null;
  error: string | null;
  response_status: number | null;
  response_body: Uint8Array | null;
  duration_ms: number;
  started_at_ms: number;
  request_method: string | null;
  request_url: string | null;
  request_headers: Uint8Array | null;
  request_bytes: number | null;
  response_headers: Uint8Array | null;
};

/** The tables of this room. */
export type DeliveryTables = { attempts: AttemptRow };
