import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { z } from "zod";

import { pause } from "../harness/time.ts";

/** A delivery as it came in. The time is that of `performance.now()`. */
export type Arrival = {
  readonly number: number;
  readonly atMs: number;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
};

/** The status that an arrival is answered with; null: none, ever. */
export type Answerer = (arrival: Arrival) => number | null | Promise<number | null>;

/** A destination on loopback that notes every numbered event. */
export type Receiver = {
  readonly url: string;
  /** All of them, in order. */
  readonly arrivals: readonly Arrival[];
  /** How often each number came. */
  readonly counts: ReadonlyMap<number, number>;
  answerWith(answerer: Answerer): void;
  /** Waits until nobody is connected, and so everything that was sent has been read. */
  untilAlone(): Promise<void>;
  close(): Promise<void>;
};

const numbered = z.object({ number: z.int() });
const lookMs = 2;

const accept: Answerer = () => 200;

/** Of all headers of a hundred thousand requests, those that somebody asks for. */
const keep = (headers: IncomingHttpHeaders, kept: readonly string[] | undefined): IncomingHttpHeaders =>
  kept === undefined ? headers : Object.fromEntries(kept.map((name) => [name, headers[name]]));

const read = async (incoming: IncomingMessage, kept: readonly string[] | undefined): Promise<Arrival> => {
  let text = "";
  incoming.setEncoding("utf8");
  for await (const chunk of incoming) text += String(chunk);
  const { number } = numbered.parse(JSON.parse(text));
  return { number, atMs: performance.now(), path: incoming.url ?? "/", headers: keep(incoming.headers, kept) };
};

/** Starts a receiver on a free port. `keptHeaders`: names of the headers that it notes. Default: all. */
export const startReceiver = async (keptHeaders?: readonly string[]): Promise<Receiver> => {
  const arrivals: Arrival[] = [];
  const counts = new Map<number, number>();
  const sockets = new Set<Socket>();
  let answerer: Answerer = accept;

  const take = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const arrival = await read(incoming, keptHeaders);
    arrivals.push(arrival);
    counts.set(arrival.number, (counts.get(arrival.number) ?? 0) + 1);
    const status = await answerer(arrival);
    if (status !== null) response.writeHead(status, { "content-length": 0 }).end();
  };
  const server = createServer((incoming, response) => {
    // A gateway that dies in the middle of a request is what this is about.
    take(incoming, response).catch(() => response.destroy());
  });
  // The gateway decides how long it keeps a connection.
  server.keepAliveTimeout = 0;
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`,
    arrivals,
    counts,
    answerWith: (next) => {
      answerer = next;
    },
    untilAlone: async () => {
      while (sockets.size > 0) await pause(lookMs);
    },
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
};
