import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

import { onTestFinished } from "vitest";

/** A simple query: its letter, its length, its text and a zero byte. */
const isListen = (message: Buffer): boolean => /^Q.{4}listen /is.test(message.toString("latin1"));

const message = (letter: string, body: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(letter), length, body]);
};

/** As a pooler says it, and that it is ready for what comes next. */
const refusal = Buffer.concat([
  message("E", Buffer.from("SERROR\0VERROR\0C0A000\0MLISTEN is not supported here\0\0")),
  message("Z", Buffer.from("I")),
]);

/** Stands between gateways and their database, and lets nobody listen. */
export const startDeafProxy = async (databaseUrl: string): Promise<{ url: string; readonly refused: number }> => {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let refused = 0;
  const proxy = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => null);
      socket.on("close", () => sockets.delete(socket));
    }
    server.pipe(client);
    client.on("data", (data: Buffer) => {
      if (!isListen(data)) {
        server.write(data);
        return;
      }
      refused += 1;
      client.write(refusal);
    });
    client.on("close", () => server.end());
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
    await once(proxy, "close");
  });
  const url = new URL(databaseUrl);
  url.port = String((proxy.address() as { port: number }).port);
  return {
    url: url.href,
    get refused() {
      return refused;
    },
  };
};
