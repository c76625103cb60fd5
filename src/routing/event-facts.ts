import type { Payload } from "../events/event.ts";
import { findHeader, type Headers } from "../lib/headers.ts";

/** What filters ask of an event. What has to be parsed is parsed when it is first asked for. */
export type EventFacts = {
  readonly method: string;
  readonly contentType: string | undefined;
  readonly senderAddress: string | null;
  readonly headers: Headers;
  /** Every value of a parameter, in order. */
  query(name: string): readonly string[];
  /** The parsed body. Undefined: it is no JSON. */
  body(): unknown;
};

const parsed = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8"));
  } catch {
    return undefined;
  }
};

/** The facts of an event, from what is stored of it. */
export const factsOf = ({ method, headers, senderAddress, query, body }: Payload): EventFacts => {
  let parameters: URLSearchParams | null = null;
  let read: { readonly value: unknown } | null = null;
  return {
    method,
    headers,
    senderAddress,
    contentType: findHeader(headers, "content-type"),
    query: (name) => (parameters ??= new URLSearchParams(query)).getAll(name),
    body: () => (read ??= { value: parsed(body) }).value,
  };
};
