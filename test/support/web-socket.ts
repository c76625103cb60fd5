import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import { onTestFinished } from "vitest";
import { WebSocket as Client, type ClientOptions } from "ws";

/** A WebSocket that is open, with what was said on it. */
export type Connected = {
  readonly client: Client;
  /** The next answer that nobody has asked for yet. */
  next(): Promise<Record<string, unknown>>;
  readonly closed: Promise<{ code: number; reason: string }>;
};

/** Opens one, until the test ends. */
export const connect = async (
  { url }: { url: string },
  path: string,
  options: ClientOptions = {},
): Promise<Connected> => {
  const client = new Client(url.replace("http:", "ws:") + path, options);
  onTestFinished(() => client.terminate());
  const answers: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  client.on("message", (data: Buffer) => {
    const take = waiting.shift();
    if (take === undefined) answers.push(data.toString());
    else take(data.toString());
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    client.on("close", (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await once(client, "open");
  return {
    client,
    closed,
    next: async () => {
      const text = answers.shift() ?? (await new Promise<string>((resolve) => waiting.push(resolve)));
      const answer: Record<string, unknown> = JSON.parse(text);
      return answer;
    },
  };
};

/** An answer to a handshake that is none. */
export type Refusal = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
};

/** What a client is told that is not let in. */
export const refusalOf = async (
  { url }: { url: string },
  path: string,
  options: ClientOptions = {},
): Promise<Refusal> => {
  const client = new Client(url.replace("http:", "ws:") + path, options);
  client.on("error", () => undefined);
  const [, response]: [unknown, IncomingMessage] = (await once(client, "unexpected-response")) as [
    unknown,
    IncomingMessage,
  ];
  const body = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode ?? 0, headers: response.headers, body: JSON.parse(body) };
};
