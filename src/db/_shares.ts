import type { Batcher } from "./group-commit.ts";

/** An item of some line, and whoever waits for it. */
export type Waiting = { readonly item: unknown; resolve(result: unknown): void; reject(error: unknown): void };

/** What one line has in a commit. */
export type Share = { readonly batcher: Batcher<unknown, unknown>; readonly taken: readonly Waiting[] };

type Line = { readonly batcher: Batcher<unknown, unknown>; readonly waiting: Waiting[] };

/** What waits for a commit, line by line. */
export class Shares {
  readonly #lines: Line[] = [];

  get isEmpty(): boolean {
    return this.#lines.every(({ waiting }) => waiting.length === 0);
  }

  /** Opens a line. Whoever waits in it is pushed to what this gives. */
  open(batcher: Batcher<unknown, unknown>): Waiting[] {
    const waiting: Waiting[] = [];
    this.#lines.push({ batcher, waiting });
    return waiting;
  }

  /** How many wait: in all lines, or in those that may overlap. */
  count(overlappingOnly: boolean): number {
    return this.#ready(overlappingOnly).reduce((sum, { waiting }) => sum + waiting.length, 0);
  }

  /** Takes what goes in the next commit, in the order of the lines: of all of them, or of those that may overlap. */
  take(overlappingOnly: boolean): readonly Share[] {
    return this.#ready(overlappingOnly).map(({ batcher, waiting }) => ({
      batcher,
      taken: waiting.splice(0, countOf(batcher, waiting)),
    }));
  }

  #ready(overlappingOnly: boolean): readonly Line[] {
    return this.#lines.filter(
      ({ batcher, waiting }) => waiting.length > 0 && (batcher.overlaps === true || !overlappingOnly),
    );
  }
}

/** How many of those that wait go in the next commit. */
const countOf = (batcher: Batcher<unknown, unknown>, waiting: readonly Waiting[]): number => {
  const { itemsMax, weightMax = Number.POSITIVE_INFINITY } = batcher;
  let weight = 0;
  for (const [index, { item }] of waiting.slice(0, itemsMax).entries()) {
    weight += batcher.weigh?.(item) ?? 1;
    if (index > 0 && weight > weightMax) return index;
  }
  return Math.min(itemsMax, waiting.length);
};

/** Splits what a batch holds into two batches of about the same size, in order. */
export const halvesOf = (shares: readonly Share[], items: number): readonly (readonly Share[])[] => {
  const first: Share[] = [];
  const second: Share[] = [];
  let room = Math.floor(items / 2);
  for (const { batcher, taken } of shares) {
    if (room > 0) first.push({ batcher, taken: taken.slice(0, room) });
    if (room < taken.length) second.push({ batcher, taken: taken.slice(Math.max(0, room)) });
    room -= taken.length;
  }
  return [first, second];
};
