import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

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

/** Opens one in front of a server on this machine. Gives it, and what closes it. */
export const startProxy = async (port: number): Promise<{ proxy: Proxy; close: () => Promise<void> }> => {
  const sockets = new Set<Socket>();
  let target = port;
  let isSilent = false;
  let swallow: Swallow | null = null;
  let swallowed = 0;
  /** Connections that came while nothing passed. */
  const callers: (() => void)[] = [];

  const hold = (socket: Socket): void => {
    sockets.add(socket);
    socket.on("error", () => null);
    socket.once("close", () => sockets.delete(socket));
  };
  /** The server does what it is told; of what it answers nothing is passed on. */
  const swallowAnswers = (how: Swallow, client: Socket, server: Socket): void => {
    swallowed += 1;
    server.removeAllListeners("data");
    if (how === "silent") server.resume();
    else server.once("data", () => client.destroy());
  };
  const join = (client: Socket): void => {
    const server = connect(target, "127.0.0.1");
    hold(server);
    server.on("data", (bytes: Buffer) => client.write(bytes));
    server.once("close", () => client.destroy());
    client.once("close", () => server.end());
    client.on("data", (bytes: Buffer) => {
      server.write(bytes);
      if (swallow === null || !bytes.includes(commitText)) return;
      const how = swallow;
      swallow = null;
      swallowAnswers(how, client, server);
    });
    if (isSilent) server.pause();
  };
  const listening = createServer({ noDelay: true }, (client) => {
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
  }).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const address = listening.address();
  const ownPort = typeof address === "object" && address !== null ? address.port : 0;

  const endAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const proxy: Proxy = {
    url: (database) => {
      const url = new URL(database);
      url.port = String(ownPort);
      url.searchParams.set("prepare", "false");
      return url.href;
    },
    silence: () => {
      isSilent = true;
      for (const socket of sockets) socket.pause();
    },
    resume: () => {
      isSilent = false;
      for (const call of callers.splice(0)) call();
      for (const socket of sockets) socket.resume();
    },
    swallowNext: (how) => {
      swallow = how;
    },
    get swallowed() {
      return swallowed;
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
