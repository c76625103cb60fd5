import type { Lane } from "./lane.ts";
import type { Work } from "./work.ts";

/**
 * Bytes that all lanes together keep in memory. Above it a lane may still hold its share, which is this divided by the
 * lanes that hold anything, so that neighbours that hang take nothing from it. With n lanes that is at most 1 + ln n
 * times this.
 */
const heldBytesMax = 32 * 1024 * 1024;

/** What an event counts as until it has been read from the store: the largest body that is usual. */
const unreadBytes = 256 * 1024;

/** What is yet to be read from the store, to send this. */
export const toReadBytes = (work: Work | undefined): number => (work?.stored === null ? unreadBytes : 0);

/** What the events in lanes keep in memory. */
export class LaneMemory {
  #heldBytes = 0;
  /** Lanes that hold anything. */
  #holding = 0;

  /** Bytes of the events that all lanes hold. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Whether a lane may hold this much more. */
  mayHold(lane: Lane, bytes: number): boolean {
    if (this.#heldBytes + bytes <= heldBytesMax) return true;
    const holding = this.#holding + Number(lane.heldBytes === 0);
    return lane.heldBytes + bytes <= heldBytesMax / holding;
  }

  /** Counts what a lane holds from now on, or, below zero, what it holds no more. */
  hold(lane: Lane, bytes: number): void {
    const heldBefore = lane.heldBytes > 0;
    lane.heldBytes += bytes;
    this.#heldBytes += bytes;
    this.#holding += Number(lane.heldBytes > 0) - Number(heldBefore);
  }
}
