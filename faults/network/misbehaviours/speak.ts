import { createServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";

type OnConnection = (socket: Socket) => void;

/** Says `text` (latin1) once a request begins to come in. */
export const saying =
  (text: string, then: (socket: Socket) => void = () => undefined): OnConnection =>
  (socket) => {
    socket.once("data", () => socket.write(text, "latin1", () => then(socket)));
  };

/** Answers each whole request in proper HTTP. */
export const speakingHttp = (listener: RequestListener): OnConnection => {
  const server = createServer((request, response) => {
    request.resume().once("end", () => listener(request, response));
  });
  // The gateway decides how long it keeps a connection.
  server.keepAliveTimeout = 0;
  return (socket) => server.emit("connection", socket);
};

/** Between two pieces of a flood. Whoever pours must leave the machine time for those who are watched. */
const pourMs = 1;

/** Writes one piece after the other until the other end has enough, or all is said. */
export const flood = (socket: Socket, piece: string | Buffer, bytesMax: number): void => {
  let bytesLeft = bytesMax;
  const timer = setInterval(() => {
    if (bytesLeft <= 0) clearInterval(timer);
    else if (!socket.writableNeedDrain) {
      bytesLeft -= piece.length;
      socket.write(piece, "latin1");
    }
  }, pourMs);
  socket.once("close", () => clearInterval(timer));
};

/** Writes a character every `everyMs` until the connection ends. */
export const drip = (socket: Socket, everyMs: number): void => {
  const timer = setInterval(() => socket.write("."), everyMs);
  socket.once("close", () => clearInterval(timer));
};
