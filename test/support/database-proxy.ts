import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

import { onTestFinished } from "vitest";

/** Stands in front of a database until the test ends. `join` says what passes between a client and the server, and when they end. */
export const startDatabaseProxy = async (
  databaseUrl: string,
  join: (client: Socket, connectServer: () => Socket) => void,
): Promise<URL> => {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const watch = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on("error", () => null);
    socket.on("close", () => sockets.delete(socket));
    return socket;
  };
  const proxy = createServer((client) => {
    join(watch(client), () => watch(connect(Number(target.port), target.hostname)));
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
    await once(proxy, "close");
  });
  const url = new URL(databaseUrl);
  url.port = String((proxy.address() as { port: number }).port);
  return url;
};
