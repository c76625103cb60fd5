import { wait } from "../../lib/clock.ts";
import type { Mark } from "./_mark.ts";
import { type AskParts, findOutcome } from "./_outcome.ts";

/** Transactions of which nobody could tell what became of them, until somebody can. */
export type Doubts = {
  add(mark: Mark): void;
  /** Asks no more. */
  close(): void;
};

const againMs = 1_000;
/** Two in ten seconds come to this in half a day: what has not arrived by then never will. */
const marksMax = 10_000;

/**
 * A commit that nobody could be asked about may still be on its way: the kernel goes on sending what a closed connection had
 * to say. It would be written when all that depends on it had been looked at, and lie there. So each one is asked about
 * until it is known; `onSettled` is told once none is left, for whoever keeps things in memory to look again.
 */
export const createDoubts = (parts: AskParts, onSettled: () => void): Doubts => {
  /** By connection: the last one of each, for it has no other under way. */
  const marks = new Map<string, Mark>();
  const state = { isRunning: false, isClosed: false };

  const ask = async (): Promise<void> => {
    for (const [connection, mark] of marks) {
      // When one cannot be asked about, the others cannot either.
      if (state.isClosed || (await findOutcome(parts, mark)) === null) return;
      marks.delete(connection);
    }
  };
  const run = async (): Promise<void> => {
    state.isRunning = true;
    while (marks.size > 0 && !state.isClosed) {
      await wait(parts.clock, againMs);
      await ask();
    }
    state.isRunning = false;
    if (!state.isClosed) onSettled();
  };
  return {
    add: (mark) => {
      marks.set(mark.connection, mark);
      const [oldest] = marks.keys();
      if (marks.size > marksMax && oldest !== undefined) marks.delete(oldest);
      if (!state.isRunning) void run();
    },
    close: () => {
      state.isClosed = true;
    },
  };
};
