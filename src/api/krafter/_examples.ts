import type { WireDelivery } from "./_delivery-wire.ts";
import type { WireDestination, WireNewDestination } from "./_destination-wire.ts";
import type { WireEvent } from "./_event-wire.ts";
import type { WireReplay } from "./_replay-wire.ts";
import type { WireSource } from "./_source-wire.ts";

/** What the documentation shows. Made up, and the same in every example. */
export const exampleSource: WireSource = {
  id: "019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c27",
  name: "Stripe production",
  slug: "wh_aB3xY7q1",
  url: "https://hooks.example.com/in/wh_aB3xY7q1",
  destinations_count: 0,
  provider: "stripe",
  signing_algorithm: null,
  signing_header: null,
  event_type_source: null,
  event_type_path: null,
  enabled: true,
  retention_days: 30,
  created_at: "2026-04-26T09:00:00Z",
  updated_at: "2026-04-26T09:00:00Z",
  require_signature: true,
  signing_secret_set: true,
  body_limit_bytes: null,
  rate_limit_per_minute: null,
};

const exampleSettings = {
  created_at: "2026-04-26T09:00:00Z",
  updated_at: "2026-04-26T09:00:00Z",
  max_concurrency: 16,
  rate_limit: null,
  rate_limit_period: null,
  ordered: false,
  timeout_seconds: 15,
  retry_schedule: null,
  payload_format: "raw",
  forward_headers: [],
  resign: true,
  disabled_reason: null,
  filter_rules: null,
  transform_enabled: false,
  transform_expression: null,
  circuit_breaker_enabled: false,
  circuit_breaker_threshold: 5,
  circuit_breaker_reset_seconds: 60,
  circuit_breaker_state: "closed",
  circuit_breaker_opened_at: null,
} as const;

const exampleTarget = {
  id: "019dc7f2-90a1-7d04-8b1c-5e2f7c9a1d38",
  source_id: "019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c27",
  url: "https://api.your-app.com/webhooks/stripe",
  event_filter: ["invoice.paid"],
  enabled: true,
  failure_count: 0,
};

export const exampleDestination: WireDestination = { ...exampleTarget, ...exampleSettings };

export const exampleNewDestination: WireNewDestination = {
  ...exampleTarget,
  secret: "whsec_3xAmPLe0nly3xAmPLe0nly3xAmPLe0nly3xAmPLe0n=",
  ...exampleSettings,
};

export const exampleEvent: WireEvent = {
  id: "019dc7f4-0e52-7a91-b3d7-8c4e6f1a2b93",
  source_id: "019dc7f1-2b40-7c3e-9d51-3f6b0a8e4c27",
  event_type: "invoice.paid",
  status: "succeeded",
  signature_valid: true,
  created_at: "2026-04-26T09:05:00Z",
};

export const exampleDelivery: WireDelivery = {
  id: "019dc7f4-0e53-7b22-a4e8-9d5f7a2b3ca4",
  destination_id: "019dc7f2-90a1-7d04-8b1c-5e2f7c9a1d38",
  status: "success",
  response_status: 200,
  response_body: "ok",
  attempt: 1,
  delivered_at: "2026-04-26T09:05:01Z",
  created_at: "2026-04-26T09:05:00Z",
  reason: null,
};

export const exampleReplay: WireReplay = {
  id: "019dc8a0-11f3-7c55-8f0a-2b3c4d5e6f70",
  status: "running",
  total: 120,
  queued: 40,
  succeeded: 38,
  failed: 1,
  created_at: "2026-04-26T12:00:00Z",
  cancelled: 0,
  skipped: 0,
  resumes: null,
  resumed_by: null,
};

/** A replay that goes on with that one. */
export const exampleLaterReplayId = "019dc8b4-62a7-7e08-9c31-7d1e5f2a3b4c";
