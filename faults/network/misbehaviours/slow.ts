import type { Misbehaviour, Outcome } from "./misbehaviour.ts";
import { drip, saying } from "./speak.ts";

const timedOut: Outcome = { status: null, code: "timeout" };
const succeeded: Outcome = { status: 200, code: null };

const dripMs = 1_000;
const head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n";

/** Receivers that take their time. What comes after the head changes nothing. */
export const slowReceivers: readonly Misbehaviour[] = [
  { name: "hangs before its answer", outcomes: [timedOut], onConnection: saying("") },
  { name: "hangs in the head of its answer", outcomes: [timedOut], onConnection: saying(`${head}x-h`) },
  {
    name: "hangs in the body of its answer",
    outcomes: [succeeded],
    onConnection: saying(`${head}content-length: 100\r\n\r\nshort`),
  },
  {
    name: "drips the head of its answer",
    outcomes: [timedOut],
    onConnection: saying(`${head}x-drip: `, (socket) => drip(socket, dripMs)),
  },
  {
    name: "drips the body of its answer",
    outcomes: [succeeded],
    onConnection: saying(`${head}content-length: 1000000\r\n\r\n`, (socket) => drip(socket, dripMs)),
  },
  { name: "accepts and never reads", outcomes: [timedOut], onConnection: (socket) => void socket.pause() },
  {
    name: "says 102 and nothing more",
    outcomes: [timedOut],
    onConnection: saying("HTTP/1.1 102 Processing\r\n\r\n"),
  },
];
