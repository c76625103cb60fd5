import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** What becomes of the next COMMIT: it is done, and its answer never comes; then the connection ends, or stays as it is. */
export type Swallow = "ends" | "silent";

/** Stands between a node and its database, as the network does. */
export type Proxy = {
  /** The same database, by this way. */
  url(database: string): string;
  /** From now on nothing passes, either way, and nobody is told. What is sent waits. */
  silence(): void;
  /** What waits goes on, also of connections that one side has given up since. */
  resume(): void;
  swallowNext(how: Swallow): void;
  /** How many answers were swallowed. */
  readonly swallowed: number;
  /** New connections lead there. Those that there are end, or stay as they are and hear nothing ever again. */
  switchTo(port: number, those: "end" | "stay"): void;
};

/** With `prepare=false`, each statement goes over the wire as its text. */
const commitText = Buffer.from("commit\0");

/** What becomes of answers to COMMIT. */
const createSwallower = () => {
  let next: Swallow | null = null;
  let count = 0;
  return {
    get count() {
      return count;
    },
    swallowNext: (how: Swallow) => {
      next = how;
    },
    /** Told of what goes to the server. It does what it is told; of what it answers to a COMMIT nothing is passed on. */
    sees: (bytes: Buffer, client: Socket, server: Socket) => {
      if (next === null || !bytes.includes(commitText)) return;
      server.removeAllListeners("data");
      if (next === "silent") server.resume();
      else server.once("data", () => client.destroy());
      next = null;
      count += 1;
    },
  };
};

const listenAnywhere = async (onConnection: (client: Socket) => void): Promise<{ listening: Server; port: number }> => {
  const listening = createServer({ noDelay: true }, onConnection).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  return { listening, port: typeof address === "object" && address !== null ? address.port : 0 };
};

const addressOf = (database: string, port: number): string => {
  const url = new URL(database);
  url.port = String(port);
  url.searchParams.set("prepare", "false");
  return url.href;
};

/** Opens one in front of a server on this machine. Gives it, and what closes it. */
export const startProxy = async (port: number): Promise<{ proxy: Proxy; close: () => Promise<void> }> => {
  const sockets = new Set<Socket>();
  let target = port;
  let isSilent = false;
  const swallower = createSwallower();
  /** Connections that came while nothing passed. */
  const callers: (() => void)[] = [];

  const hold = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => null);
    socket.once("close", () => sockets.delete(socket));
  };
  const join = (client: Socket): void => {
    const server = connect(target, "127.0.0.1");
    hold(server);
    server.on("data", (bytes: Buffer) => client.write(bytes));
    server.once("close", () => client.destroy());
    client.once("close", () => server.end());
    client.on("data", (bytes: Buffer) => {
      server.write(bytes);
      swallower.sees(bytes, client, server);
    });
    if (isSilent) server.pause();
  };
  const { listening, port: ownPort } = await listenAnywhere((client) => {
    hold(client);
    if (!isSilent) {
      join(client);
      return;
    }
    client.pause();
    callers.push(() => {
      if (!client.destroyed) join(client);
      client.resume();
    });
  });

  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: Proxy = {
    url: (database) => addressOf(database, ownPort),
    silence: () => {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    resume: () => {
      isSilent = false;
      for (const call of callers.splice(0)) call();
      for (const socket of sockets) socket.resume();
    },
    swallowNext: swallower.swallowNext,
    get swallowed() {
      return swallower.count;
    },
    switchTo: (next, those) => {
      target = next;
      isSilent = false;
      if (those === "end") endAll();
      for (const call of callers.splice(0)) call();
    },
  };
  const close = async (): Promise<void> => {
    const closed = once(listening, "close");
    listening.close();
    endAll();
    await closed;
  };
  return { proxy, close };
};
