import type { IncomingMessage } from "node:http";

import type { ByteShare } from "../ingest/byte-budget.ts";
import { createBodyPieces } from "./_body-pieces.ts";

/** A body, or why there is none. `takenBytes` are to be given back to the budget. */
export type BodyRead =
  | { readonly kind: "read"; readonly body: Buffer; readonly takenBytes: number }
  /** In bytes, or in pieces. */
  | { readonly kind: "too_large" }
  | { readonly kind: "no_room" }
  | { readonly kind: "aborted" };

/** A sender of too much is heard out up to twice the limit, so that it reads our answer instead of a reset. */
const drainFactor = 2;

/**
 * Each piece of a chunked body is a call, whatever it holds: three thousand senders of single bytes held up all others for
 * half a minute. So many pieces are taken as they come; of more, each must hold some bytes on average.
 */
const smallPiecesMax = 1_024;
const pieceBytesMin = 4;

/** The announced length, or 0 when the sender announces none. */
const announcedBytes = (request: IncomingMessage): number => Number(request.headers["content-length"] ?? 0);

/**
 * Reads a body of at most `bytesMax` whose bytes are counted against the budget as they arrive, so that slow senders
 * cost what they sent and not what they announced. Resolves once: what follows is discarded.
 */
export const readBody = (request: IncomingMessage, budget: ByteShare, bytesMax: number): Promise<BodyRead> => {
  // Who went away while something else was waited for is not told of again.
  if (request.destroyed) return Promise.resolve({ kind: "aborted" });
  if (announcedBytes(request) > bytesMax * drainFactor) return Promise.resolve({ kind: "too_large" });
  return new Promise((resolve) => {
    let pieces = createBodyPieces();
    let seenBytes = 0;
    let seenPieces = 0;
    let takenBytes = 0;
    let isOver = false;
    const finish = (read: BodyRead): void => {
      if (isOver) return;
      isOver = true;
      request.removeAllListeners("data");
      if (read.kind !== "read") budget.give(takenBytes);
      resolve(read);
    };
    request.on("data", (chunk: Buffer) => {
      seenBytes += chunk.length;
      seenPieces += 1;
      if (seenPieces > smallPiecesMax && seenBytes < seenPieces * pieceBytesMin) {
        finish({ kind: "too_large" });
        return;
      }
      if (seenBytes > bytesMax) {
        budget.give(takenBytes);
        takenBytes = 0;
        pieces = createBodyPieces();
        if (seenBytes > bytesMax * drainFactor) finish({ kind: "too_large" });
        return;
      }
      if (!budget.take(chunk.length)) {
        finish({ kind: "no_room" });
        return;
      }
      takenBytes += chunk.length;
      pieces.add(chunk);
    });
    request.once("end", () => {
      if (seenBytes > bytesMax) finish({ kind: "too_large" });
      else finish({ kind: "read", body: pieces.join(), takenBytes });
    });
    // `close` follows `end`; alone it means that the sender went away.
    request.once("close", () => finish({ kind: "aborted" }));
    request.once("error", () => finish({ kind: "aborted" }));
  });
};
