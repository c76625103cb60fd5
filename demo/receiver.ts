import { createServer, type IncomingHttpHeaders } from "node:http";

/** A request as the receiver saw it. */
export type Received = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string };

/** A receiver on this machine that keeps what it gets. */
export type Receiver = {
  readonly url: string;
  readonly received: readonly Received[];
  /** Resolves once that many requests have come. Rejects after ten seconds. */
  waitFor(count: number): Promise<void>;
  close(): void;
};

const waitMsMax = 10_000;

/** Starts a receiver on a free port. It answers 200 to everything. */
export const startReceiver = async (): Promise<Receiver> => {
  const received: Received[] = [];
  const listeners = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      received.push({ path: request.url ?? "/", headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.end("thanks");
      for (const listener of listeners) listener();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    waitFor: (count) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`${received.length} of ${count} requests came within ${waitMsMax} ms`)),
          waitMsMax,
        );
        const look = (): void => {
          if (received.length < count) return;
          clearTimeout(timer);
          listeners.delete(look);
          resolve();
        };
        listeners.add(look);
        look();
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};
