import { randomUUID } from "node:crypto";

import { expect } from "vitest";

import { http } from "../../harness/http.ts";
import { expectDocumented } from "./documented.ts";
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
  ({ url, key: ownKey, apis = [] }: Pick<TestGateway, "url" | "key"> & Partial<Pick<TestGateway, "apis">>): Call =>
  async (method, path, { key = ownKey, headers = {}, body } = {}) => {
    const shown: Record<string, string> = key === null ? {} : { "x-api-key": key };
    const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    const sent = toBody(body);
    const answer = await http(url + path, { method, headers: { ...shown, ...type, ...headers }, body: sent });
    expectDocumented(apis, { method, path }, answer.status);
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

/** A destination of which nothing was said but its name, slug and URL, as answers show it. */
export const plainDestination: Readonly<Record<string, unknown>> = {
  id: wireId,
  org_id: wireId,
  env_id: wireId,
  name: expect.any(String),
  slug: expect.any(String),
  url: expect.any(String),
  method: "POST",
  headers: null,
  timeout_ms: 30_000,
  auth_type: "none",
  auth_config: null,
  status: "active",
  created_at: instant,
  updated_at: instant,
  retry_enabled: 1,
  retry_max_attempts: 5,
  retry_backoff_type: "exponential",
  retry_intervals: "[30,300,1800,7200,86400]",
  circuit_breaker_enabled: 1,
  circuit_breaker_threshold: 5,
  circuit_breaker_reset_ms: 60_000,
  type: "http",
  provider_config: null,
  signing_config: null,
  rate_limit: null,
  rate_limit_period: null,
  max_concurrency: 16,
  ordered: 0,
  disabled_reason: null,
};

/** A connection of which nothing was said but its ends and its name, as answers show it. */
export const plainConnection: Readonly<Record<string, unknown>> = {
  id: wireId,
  org_id: wireId,
  env_id: wireId,
  source_id: wireId,
  destination_id: wireId,
  name: expect.any(String),
  description: null,
  enabled: 1,
  filter_rules: null,
  status: "active",
  created_at: instant,
  updated_at: instant,
  transform_enabled: 0,
  transform_expression: null,
  source_name: expect.any(String),
  destination_name: expect.any(String),
  event_types: null,
};

/** What an answer shows of something that was made. */
export type Made = Readonly<Record<string, unknown>> & { readonly id: string };

/** A thing of the hookstream API's, with a slug of its own. */
const makeThing = async (call: Call, kind: "source" | "destination" | "connection", body: object): Promise<Made> => {
  const slug: object = kind === "connection" ? {} : { slug: randomUUID() };
  const answer = await call("POST", `/v1/${kind}s`, { body: { name: `a ${kind}`, ...slug, ...body } });
  if (answer.status !== 201) throw new Error(answer.text);
  const thing: Made = answer.body[kind];
  return thing;
};

/** Makes a source through the API. */
export const addSource = (call: Call, body: object = {}): Promise<Made> => makeThing(call, "source", body);

/** Makes a destination through the API. */
export const addDestination = (call: Call, url: string, body: object = {}): Promise<Made> =>
  makeThing(call, "destination", { url, ...body });

/** Makes a connection through the API. */
export const connect = (call: Call, source: Made, destination: Made, body: object = {}): Promise<Made> =>
  makeThing(call, "connection", { source_id: source.id, destination_id: destination.id, ...body });

/** Posts an event to a source, and gives its id as this API shows it. */
export const sendEvent = async (
  { url }: Pick<TestGateway, "url">,
  { id }: Made,
  body: unknown = { hello: "world" },
  headers: Readonly<Record<string, string>> = { "content-type": "application/json" },
): Promise<string> => {
  const answer = await http(`${url}/v1/ingest/${id}`, { method: "POST", headers, body: toBody(body) });
  if (answer.status !== 200) throw new Error(answer.body.toString());
  const { event_id }: { event_id: string } = JSON.parse(answer.body.toString());
  return event_id;
};
