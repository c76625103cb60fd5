import { expect } from "vitest";

import { http } from "../../harness/http.ts";
import type { ApiAnswer, TestGateway } from "./gateway.ts";

/** What a call may say beside its path. */
export type CallOptions = {
  /** A key for `X-API-Key`. Null: none. Default: the gateway's own. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text and bytes go as they are, anything else as JSON; as `application/json` unless the headers say otherwise. */
  readonly body?: unknown;
};

/** Sends a request to the hookstream API. */
export type Call = (method: string, path: string, options?: CallOptions) => Promise<ApiAnswer>;

const toBody = (body: unknown): string | Uint8Array | undefined =>
  body === undefined || typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);

/** Calls the hookstream API of a gateway as its own clients do, with `X-API-Key`. */
export const callerOf =
  ({ url, key: ownKey }: Pick<TestGateway, "url" | "key">): Call =>
  async (method, path, { key = ownKey, headers = {}, body } = {}) => {
    const shown: Record<string, string> = key === null ? {} : { "x-api-key": key };
    const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    const sent = toBody(body);
    const answer = await http(url + path, { method, headers: { ...shown, ...type, ...headers }, body: sent });
    const text = answer.body.toString();
    const isJson = answer.headers["content-type"]?.startsWith("application/json") === true;
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      body: text !== "" && isJson ? JSON.parse(text) : text,
    };
  };

/** A refusal as this API writes all of them: its status, and its whole body. */
export const refusalOf = (status: number, error: string): [number, object] => [
  status,
  { error, status, request_id: expect.stringMatching(/^req_[0-9a-f]{32}$/) },
];

const wireId: unknown = expect.stringMatching(/^[0-9a-f]{32}$/);
const instant: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** A source of which nothing was said but its name and slug, as answers show it. */
export const emptySource: Readonly<Record<string, unknown>> = {
  id: wireId,
  org_id: wireId,
  env_id: wireId,
  slug: expect.any(String),
  name: expect.any(String),
  description: null,
  template: null,
  verification_enabled: 0,
  verification_type: null,
  verification_secret: null,
  verification_header: null,
  verification_config: null,
  dedup_enabled: 0,
  dedup_strategy: null,
  dedup_field: null,
  dedup_window_seconds: 300,
  ip_allowlist: null,
  ip_denylist: null,
  status: "active",
  event_count: 0,
  last_event_at: null,
  created_at: instant,
  updated_at: instant,
  is_ephemeral: 0,
  expires_at: null,
  request_limit: null,
  type: "http",
  source_config: null,
  schema_validation_enabled: 0,
  json_schema: null,
  schema_action: null,
  ingest_url: expect.stringMatching(/^https:\/\/hooks\.example\.com\/v1\/ingest\/[0-9a-f]{32}$/),
};
