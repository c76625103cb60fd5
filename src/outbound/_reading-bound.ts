import type { Socket } from "node:net";

import { EgressError } from "./egress-error.ts";

/**
 * Bytes that the parser is given at a time. It notices too many headers, and goes on to the end of what it was given, with
 * an error object for each: 64 KiB of the smallest headers took 45 ms (undici 8.12).
 */
const pieceBytesMax = 1_024;

/**
 * Bounds what is read of a connection for one request, all in all: where the parser hands nothing over (in the words after a
 * status, before a header's value, in the extension of a chunk) nobody could count, and a receiver could keep it busy for as
 * long as an attempt may take.
 */
export const boundReading = (socket: Socket, bytesMax: number): void => {
  const read = socket.read.bind(socket);
  let writtenBytes = 0;
  let bytesLeft = bytesMax;
  socket.read = (size?: number): Buffer | null => {
    // What was read before is still there.
    if (socket.destroyed) return null;
    if (socket.bytesWritten !== writtenBytes) {
      writtenBytes = socket.bytesWritten;
      bytesLeft = bytesMax;
    }
    const waiting = Math.min(socket.readableLength, pieceBytesMax);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no encoding is set: what comes is bytes
    const piece = read(size ?? (waiting === 0 ? undefined : waiting)) as Buffer | null;
    bytesLeft -= piece?.length ?? 0;
    if (bytesLeft >= 0) return piece;
    socket.destroy(new EgressError("protocol", "the answer is too long"));
    return null;
  };
};
