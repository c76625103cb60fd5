import type { Socket } from "node:net";

import { EgressError } from "./egress-error.ts";

/**
 * Ends a connection on which more than `bytesMax` come in for one request. The parser reads on and on where it hands
 * nothing over that could be counted: in the words after a status, before a header's value, in the extension of a chunk. A
 * receiver could keep it busy so for as long as an attempt may take.
 */
export const boundReading = (socket: Socket, bytesMax: number): void => {
  let writtenBytes = 0;
  let readBytes = 0;
  let readBefore = 0;
  // Comes before the HTTP client's own listener, which was added later.
  socket.on("readable", () => {
    if (socket.bytesWritten !== writtenBytes) {
      writtenBytes = socket.bytesWritten;
      readBefore = readBytes;
    }
    readBytes = socket.bytesRead;
    if (readBytes - readBefore > bytesMax) socket.destroy(new EgressError("protocol", "the answer is too long"));
  });
};
