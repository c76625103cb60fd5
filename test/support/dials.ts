import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

import { isToServer } from "./postgres.ts";

/** What this process has tried to connect to. */
export type Dials = Disposable & {
  /** `address:port` of each try, in order, whether it came to anything or not. */
  readonly all: readonly string[];
};

/** Watches every TCP connection that this process tries to open, whoever opens it. `using` ends it. */
export const watchDials = (): Dials => {
  const all: string[] = [];
  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket };
    socket.on("connectionAttempt", (address: string, port: number) => {
      if (!isToServer(port)) all.push(`${address.includes(":") ? `[${address}]` : address}:${port}`);
    });
  };
  // Node tells of every socket that is made for a connection, before it is connected.
  subscribe("net.client.socket", onSocket);
  return { all, [Symbol.dispose]: () => unsubscribe("net.client.socket", onSocket) };
};
