/**
 * Holds many abusive connections to an ingest URL: each that ends is opened again. It tells how many stand once the first
 * of all have been opened, and then, when asked for it by a line, how long the oldest one has lived at the most.
 */
import { connect } from "node:net";
import { createInterface } from "node:readline";

import { z } from "zod";

import { pause } from "../../../harness/time.ts";
import { type Abuse, abuseWishes, act } from "./abuse.ts";

const [port, path, wishes] = z
  .tuple([z.coerce.number(), z.string(), z.string().transform((text) => abuseWishes.parse(JSON.parse(text)))])
  .parse(process.argv.slice(2));

/** Connections that are being opened at once: more would overflow the listener's queue. */
const openingMax = 50;
/** Before a connection that ended is opened again. */
const againMs = 100;

const born = new Map<object, number>();
let longestMs = 0;

/** Opens one, and resolves once it stands or cannot. It goes on for ever. */
const hold = (abuse: Abuse): Promise<void> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true, allowHalfOpen: true });
    socket.once("connect", () => {
      born.set(socket, performance.now());
      act(abuse, socket, path);
      resolve();
    });
    // `close` follows.
    socket.on("error", () => undefined);
    if (abuse !== "pipelines and never reads the answers") socket.resume();
    // Whoever is told to go, goes.
    socket.once("end", () => socket.destroy());
    socket.once("close", () => {
      longestMs = Math.max(longestMs, performance.now() - (born.get(socket) ?? performance.now()));
      born.delete(socket);
      setTimeout(() => void hold(abuse), againMs);
      resolve();
    });
  });

const left = wishes.flatMap(({ abuse, count }) => Array.from({ length: count }, () => abuse));
await Promise.all(
  Array.from({ length: openingMax }, async () => {
    for (let abuse = left.pop(); abuse !== undefined; abuse = left.pop()) {
      await hold(abuse);
      await pause(1);
    }
  }),
);
const say = (): void => {
  const oldestMs = Math.max(longestMs, ...[...born.values()].map((bornMs) => performance.now() - bornMs));
  process.stdout.write(`${JSON.stringify({ standing: born.size, oldestMs })}\n`);
};
say();
createInterface({ input: process.stdin })
  .on("line", say)
  .once("close", () => process.kill(process.pid, "SIGKILL"));
