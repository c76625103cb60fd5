import { StoreError } from "../db/store-error.ts";

/** Does work when its turn comes. Throws `StoreError` (`unavailable`) when too much waits already. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets so much work run at once, and so much more wait, first come first served. */
export const createTurns = ({
  runningMax,
  waitingMax,
}: {
  readonly runningMax: number;
  readonly waitingMax: number;
}): InTurn => {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= runningMax) {
      if (waiting.length >= waitingMax) {
        throw new StoreError("unavailable", "too many bulk replays are being counted; try again in a few seconds");
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push(resolve);
      // Whoever ends hands its place over, so that nobody who comes in between takes it.
      await promise;
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
};
