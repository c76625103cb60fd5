import type { Socket } from "node:net";

import type { Misbehaviour, Outcome } from "./misbehaviour.ts";
import { saying, speakingHttp } from "./speak.ts";

const broken: Outcome = { status: null, code: "reset" };
const succeeded: Outcome = { status: 200, code: null };

/** What was said must have arrived before the reset, which would overtake it. */
const resetSoon = (socket: Socket): void => {
  setImmediate(() => socket.resetAndDestroy());
};

const head = "HTTP/1.1 200 OK\r\n";

/** Receivers that end connections when they should not. */
export const breakingReceivers: readonly Misbehaviour[] = [
  {
    name: "resets connections at once",
    // Whether the reset comes before the connection is seen to stand is chance.
    outcomes: [broken, { status: null, code: "connect" }],
    onConnection: (socket) => void socket.resetAndDestroy(),
  },
  {
    name: "resets when a request comes",
    outcomes: [broken],
    onConnection: (socket) => void socket.once("data", () => socket.resetAndDestroy()),
  },
  {
    name: "closes when a request comes",
    outcomes: [broken],
    onConnection: (socket) => void socket.once("data", () => socket.end()),
  },
  { name: "resets in the head of its answer", outcomes: [broken], onConnection: saying(`${head}x-he`, resetSoon) },
  {
    name: "resets in the body of its answer",
    outcomes: [succeeded],
    onConnection: saying(`${head}content-length: 100\r\n\r\nshort`, resetSoon),
  },
  {
    name: "closes a kept connection just as the next request comes",
    // Tried again at once on a new connection, and the same attempt.
    outcomes: [succeeded],
    onConnection: (socket) => {
      const speak = speakingHttp((_request, response) => {
        response.end();
        socket.once("data", () => socket.destroy());
      });
      speak(socket);
    },
  },
];
