/** Where one reader of a body takes its bytes from. */
export type ByteShare = { take(bytes: number): boolean; give(bytes: number): void };

/** What one source may have of all, so that its slow senders do not shut out those of the others. */
const shareMax = 0.5;

/** Bytes that may be in memory at once, shared by all requests that are being read or wait for their commit. */
export class ByteBudget {
  readonly #bytesMax: number;
  readonly #usedBy = new Map<string, number>();
  #usedBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The share of one source. Bytes are counted as they come: what a sender only announces costs nothing. */
  shareOf(who: string): ByteShare {
    return {
      /** Whether there was room for that many more. */
      take: (bytes) => {
        const used = (this.#usedBy.get(who) ?? 0) + bytes;
        if (this.#usedBytes + bytes > this.#bytesMax || used > this.#bytesMax * shareMax) return false;
        this.#usedBy.set(who, used);
        this.#usedBytes += bytes;
        return true;
      },
      give: (bytes) => {
        const used = (this.#usedBy.get(who) ?? 0) - bytes;
        if (used > 0) this.#usedBy.set(who, used);
        else this.#usedBy.delete(who);
        this.#usedBytes -= bytes;
      },
    };
  }
}
