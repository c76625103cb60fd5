import type { Misbehaviour, Outcome } from "./misbehaviour.ts";
import { flood, saying } from "./speak.ts";

const succeeded: Outcome = { status: 200, code: null };
const noHttp: Outcome = { status: null, code: "protocol" };

const gigabyte = 1024 ** 3;
const pieceBytes = 64 * 1024;
const head = "HTTP/1.1 200 OK\r\n";
const chunk = Buffer.from(`${pieceBytes.toString(16)}\r\n${"x".repeat(pieceBytes)}\r\n`);
const piece = Buffer.alloc(pieceBytes, "x");

/** Receivers that answer more than anybody wants. */
export const floodingReceivers: readonly Misbehaviour[] = [
  {
    name: "answers a gigabyte",
    outcomes: [succeeded],
    onConnection: saying(`${head}content-length: ${gigabyte}\r\n\r\n`, (socket) => flood(socket, piece, gigabyte)),
  },
  {
    name: "answers a gigabyte in chunks",
    outcomes: [succeeded],
    onConnection: saying(`${head}transfer-encoding: chunked\r\n\r\n`, (socket) => flood(socket, chunk, gigabyte)),
  },
  {
    name: "answers a chunk whose extension has no end",
    outcomes: [succeeded],
    onConnection: saying(`${head}transfer-encoding: chunked\r\n\r\n1;`, (socket) => flood(socket, piece, gigabyte)),
  },
  {
    name: "answers trailers without end",
    outcomes: [succeeded],
    onConnection: saying(`${head}transfer-encoding: chunked\r\n\r\n0\r\n`, (socket) =>
      flood(socket, "x-y: z\r\n".repeat(8_192), gigabyte),
    ),
  },
  {
    name: "answers a header without end",
    outcomes: [noHttp],
    onConnection: saying(`${head}x: `, (socket) => flood(socket, piece, gigabyte)),
  },
  {
    name: "answers headers without end",
    outcomes: [noHttp],
    onConnection: saying(head, (socket) => flood(socket, "x-y: z\r\n".repeat(8_192), gigabyte)),
  },
  {
    name: "answers a status line without end",
    outcomes: [noHttp],
    onConnection: saying("HTTP/1.1 200 O", (socket) => flood(socket, piece, gigabyte)),
  },
  ...[100, 102, 103].map((status): Misbehaviour => ({
    name: `answers ${status} without end`,
    outcomes: [noHttp],
    onConnection: saying("", (socket) => flood(socket, `HTTP/1.1 ${status} Wait\r\n\r\n`.repeat(1_000), gigabyte)),
  })),
  {
    name: "answers noise without end",
    outcomes: [noHttp],
    onConnection: saying("", (socket) => flood(socket, Buffer.from("\0\u0001 ÿ".repeat(8_192), "latin1"), gigabyte)),
  },
];
