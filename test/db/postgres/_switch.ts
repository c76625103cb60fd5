import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

import { onTestFinished } from "vitest";

/** One address that leads to one of several servers, as a virtual address or a name does. */
export type Switch = {
  readonly url: string;
  /** New connections lead there. Those that there are stay where they are. */
  leadTo(port: number): void;
  /** Ends the connections that there are, as a fail-over does. */
  cut(): void;
};

/** Opens one that leads to the server of `databaseUrl`. It ends with the test. */
export const startSwitch = async (databaseUrl: string): Promise<Switch> => {
  const url = new URL(databaseUrl);
  let target = Number(url.port);
  const sockets = new Set<Socket>();
  const hold = (socket: Socket, other: () => Socket): void => {
    sockets.add(socket);
    socket.on("error", () => null);
    socket.once("close", () => {
      sockets.delete(socket);
      other().destroy();
    });
  };
  const listening = createServer((client) => {
    const server = connect(target, "127.0.0.1");
    hold(client, () => server);
    hold(server, () => client);
    client.pipe(server).pipe(client);
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(async () => {
    const closed = once(listening, "close");
    listening.close();
    cut();
    await closed;
  });
  url.port = String((listening.address() as { port: number }).port);
  return {
    url: url.href,
    leadTo: (port) => {
      target = port;
    },
    cut,
  };
};
