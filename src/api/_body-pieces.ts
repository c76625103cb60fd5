/** A piece as large as this is kept as it came. */
const largePieceBytes = 2_048;
/** The room that small pieces are put in grows with what has come: never more than twice as much, whoever sends slowly. */
const roomBytes = { min: 256, max: 64 * 1024 } as const;

/** What has come of a body. */
export type BodyPieces = {
  add(piece: Buffer): void;
  /** All of it as one. */
  join(): Buffer;
};

/**
 * Keeps the pieces of a body, small ones together: a buffer takes 500 bytes whatever it holds, and a sender can see to it
 * that each holds one.
 */
export const createBodyPieces = (): BodyPieces => {
  const pieces: Buffer[] = [];
  /** Where the next small piece goes: behind the `used` bytes of the last room. */
  let room: Buffer | null = null;
  let used = 0;
  let bytes = 0;

  const closeRoom = (): void => {
    if (room !== null) pieces.push(room.subarray(0, used));
    room = null;
  };
  return {
    add(piece) {
      bytes += piece.length;
      // The first one is most often the only one.
      if (piece.length >= largePieceBytes || pieces.length === 0) {
        closeRoom();
        pieces.push(piece);
        return;
      }
      let rest = piece;
      while (rest.length > 0) {
        if (room?.length === used) closeRoom();
        if (room === null) {
          room = Buffer.allocUnsafeSlow(Math.min(Math.max(bytes, roomBytes.min), roomBytes.max));
          used = 0;
        }
        const copied = rest.copy(room, used);
        used += copied;
        rest = rest.subarray(copied);
      }
    },
    join() {
      closeRoom();
      const [first = Buffer.alloc(0)] = pieces;
      // Its memory is its own.
      return pieces.length === 1 ? first : Buffer.concat(pieces);
    },
  };
};
