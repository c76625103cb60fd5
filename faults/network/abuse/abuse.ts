import type { Socket } from "node:net";

import { z } from "zod";

/** Ways in which a sender does what none should. */
export const abuses = [
  "says nothing",
  "drips its head",
  "drips its body",
  "announces a body and hangs",
  "asks whether to go on and hangs",
  "closes its half in the middle of a body",
  "sends a body in chunks of a byte",
  "sends a head that is too large",
  "sends noise",
  "pipelines and never reads the answers",
  "comes and goes",
] as const;

export type Abuse = (typeof abuses)[number];

/** How many connections do what. */
export type AbuseWish = { readonly abuse: Abuse; readonly count: number };

/** Reads them from a command line. */
export const abuseWishes: z.ZodType<readonly AbuseWish[]> = z.array(
  z.object({ abuse: z.enum(abuses), count: z.int() }),
);

/** What an abusive connection does once it stands. `path`: an ingest URL. */
type Act = (socket: Socket, path: string) => void;

const dripMs = 1_000;
/** In time with each other they would be a burst every second. */
const soon = (): number => Math.random() * dripMs;

const startOf = (path: string, more: string): string => `POST ${path} HTTP/1.1\r\nhost: gateway.test\r\n${more}`;

const every = (socket: Socket, act: () => void): void => {
  const first = setTimeout(() => {
    act();
    timer = setInterval(act, dripMs);
  }, soon());
  let timer: NodeJS.Timeout | undefined;
  socket.once("close", () => {
    clearTimeout(first);
    clearInterval(timer);
  });
};

const pipelinedRequests = 200;

const acts: Record<Abuse, Act> = {
  "says nothing": () => undefined,
  "drips its head": (socket, path) => {
    socket.write(startOf(path, "x-drip: "));
    every(socket, () => socket.write("x"));
  },
  "drips its body": (socket, path) => {
    socket.write(startOf(path, "content-length: 200000\r\n\r\n"));
    every(socket, () => socket.write("x"));
  },
  "announces a body and hangs": (socket, path) =>
    void socket.write(`${startOf(path, "content-length: 200000\r\n\r\n")}${"x".repeat(1_000)}`),
  "asks whether to go on and hangs": (socket, path) =>
    void socket.write(startOf(path, "content-length: 200000\r\nexpect: 100-continue\r\n\r\n")),
  "closes its half in the middle of a body": (socket, path) =>
    void socket.end(`${startOf(path, "content-length: 200000\r\n\r\n")}half`),
  "sends a body in chunks of a byte": (socket, path) => {
    socket.write(startOf(path, "transfer-encoding: chunked\r\n\r\n"));
    every(socket, () => socket.write("1\r\nx\r\n".repeat(100)));
  },
  "sends a head that is too large": (socket, path) =>
    void socket.write(startOf(path, `x-large: ${"x".repeat(64 * 1024)}\r\n\r\n`)),
  "sends noise": (socket) => void socket.write(Buffer.alloc(4_096, 0xc3)),
  "pipelines and never reads the answers": (socket, path) => {
    socket.pause();
    const requests = startOf(path, "content-length: 2\r\n\r\n{}").repeat(pipelinedRequests);
    const write = (): void => void socket.write(requests, () => setTimeout(write, dripMs));
    write();
  },
  "comes and goes": (socket) => void socket.resetAndDestroy(),
};

/** Does it. */
export const act = (abuse: Abuse, socket: Socket, path: string): void => acts[abuse](socket, path);
