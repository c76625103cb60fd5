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
