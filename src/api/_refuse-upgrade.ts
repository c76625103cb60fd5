import type { Duplex } from "node:stream";

import type { IngestAnswer } from "./_ingest-answers.ts";

/** A reason is optional, and nobody reads it (RFC 9112, section 4). */
const reason = "Refused";

/** Answers a request that wanted to become another protocol as if it had not, and hangs up. */
export const refuseUpgrade = (socket: Duplex, { status, body, headers }: IngestAnswer, requestId: string): void => {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = Object.entries({ ...headers, "x-request-id": requestId, connection: "close" });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  // Who is told this does not always hang up.
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${head}\r\n${body}`, () => socket.destroy());
};
