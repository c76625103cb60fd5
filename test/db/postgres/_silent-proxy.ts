import type { Socket } from "node:net";

import { startDatabaseProxy } from "../../support/database-proxy.ts";

/** Stands between a store and its server, and lets connections fall silent without ending them. */
export type SilentProxy = {
  readonly url: string;
  /** From now on nothing that asks to listen is answered. */
  swallowListens(): void;
  /** Nothing passes the connections that are open; those that are opened from now on work. */
  silence(): void;
  /** The same, also for those that are opened from now on. */
  silenceAll(): void;
  /** Connections that were opened so far, and messages that were swallowed. */
  readonly opened: number;
  readonly swallowed: number;
};

/** Starts one in front of a database. It ends with the test. */
export const startSilentProxy = async (databaseUrl: string): Promise<SilentProxy> => {
  const silent = new WeakSet<Socket>();
  const clients = new Set<Socket>();
  const state = { swallowsListens: false, isSilent: false, opened: 0, swallowed: 0 };
  const url = await startDatabaseProxy(databaseUrl, (client, connectServer) => {
    state.opened += 1;
    clients.add(client);
    if (state.isSilent) silent.add(client);
    const server = connectServer();
    client.on("data", (message: Buffer) => {
      const isListen = state.swallowsListens && message.includes("listen ");
      if (!silent.has(client) && !isListen) {
        server.write(message);
        return;
      }
      state.swallowed += 1;
    });
    server.on("data", (message: Buffer) => {
      if (!silent.has(client)) client.write(message);
    });
    client.on("close", () => {
      clients.delete(client);
      server.destroy();
    });
  });
  const silence = (): void => {
    for (const client of clients) silent.add(client);
  };
  return {
    url: url.href,
    swallowListens: () => {
      state.swallowsListens = true;
    },
    silence,
    silenceAll: () => {
      state.isSilent = true;
      silence();
    },
    get opened() {
      return state.opened;
    },
    get swallowed() {
      return state.swallowed;
    },
  };
};
