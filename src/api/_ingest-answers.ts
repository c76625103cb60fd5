import type { ServerResponse } from "node:http";

import { retryAfterSeconds } from "./send-json.ts";

/** A browser that is made to open an ingest URL runs nothing and guesses no type: what is there was sent by strangers. */
export const safeHeaders = {
  "content-security-policy": "sandbox; default-src 'none'",
  "x-content-type-options": "nosniff",
} as const;

/** An answer that is always the same. */
export type FixedAnswer = { readonly status: number; readonly body: string; readonly headers: Record<string, string> };

const fixed = (status: number, content: object, headers: Record<string, string> = {}): FixedAnswer => {
  const body = JSON.stringify(content);
  return {
    status,
    // As text, it is written together with the headers, in one system call. Bytes would also let Node write the
    // `100 Continue` of a request that waits behind others between its head and its body.
    body,
    headers: {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      ...safeHeaders,
      ...headers,
    },
  };
};

/** All that an ingest URL ever answers. A stored event gets `ok` whether its signature is valid or not. */
export const answers: Readonly<
  Record<"ok" | "notFound" | "methodNotAllowed" | "tooLarge" | "overloaded", FixedAnswer>
> = {
  ok: fixed(200, { ok: true }),
  notFound: fixed(404, { error: "not_found" }),
  methodNotAllowed: fixed(405, { error: "method_not_allowed" }, { allow: "POST" }),
  tooLarge: fixed(413, { error: "payload_too_large" }),
  overloaded: fixed(503, { error: "overloaded" }, { "retry-after": retryAfterSeconds }),
};

/** 429, and when the source's span is over. */
export const rateLimited = (retryAfterMs: number): FixedAnswer =>
  fixed(429, { error: "rate_limited" }, { "retry-after": String(Math.max(1, Math.ceil(retryAfterMs / 1000))) });

/** Sends an answer, unless the sender is gone. `close` gives the connection up: its body was not read whole. */
export const sendAnswer = (
  response: ServerResponse,
  { status, body, headers }: FixedAnswer,
  { requestId, close }: { requestId: string; close: boolean },
): void => {
  if (response.destroyed || response.headersSent) return;
  if (close) response.shouldKeepAlive = false;
  response.writeHead(status, { ...headers, "x-request-id": requestId });
  response.end(body);
};
