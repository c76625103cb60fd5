import { request as httpRequest, type IncomingHttpHeaders } from "node:http";

/** An answer, with its whole body. */
export type HttpAnswer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly body: Buffer };

/** What to send. Names of headers as they go out, once for each value. */
export type HttpWish = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Uint8Array | undefined;
  /** Ends a request that takes longer. Default: it may take as long as it likes. */
  readonly timeoutMs?: number;
};

/**
 * One request on a connection of its own. Not `fetch`: a gateway in the same process sends that through its guard, which
 * lets nobody reach this machine.
 */
export const http = (
  url: string,
  { method = "GET", headers = {}, body, timeoutMs }: HttpWish = {},
): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const isUnannounced = body === undefined || "transfer-encoding" in headers;
    const length = isUnannounced ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const options = {
      method,
      headers: { ...length, ...headers },
      agent: false,
      ...(timeoutMs === undefined ? {} : { signal: AbortSignal.timeout(timeoutMs) }),
    };
    const outgoing = httpRequest(url, options, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("error", reject);
      incoming.once("end", () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
      });
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
