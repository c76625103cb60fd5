import { type Clock, wait } from "../lib/clock.ts";
import { createTally, type Removed, type Tally } from "./removed.ts";

/** A run ends after that long, and the next one goes on where it stopped. */
const runMsMax = 60_000;

/** Pauses between two transactions. */
const pauseMs = { min: 5, max: 500 } as const;

/** One pass over everything that may have to go. */
export type Run = {
  readonly tally: Tally;
  /** Whether it is to stop: its time is up, or the process ends. Asked between two transactions. */
  isOver(): boolean;
  /** Does a piece of work that holds the writer or a reader, and then leaves them to others for as long as it took. */
  paced<T>(work: () => Promise<T>): Promise<T>;
  total(): Removed;
};

/** Begins a run. */
export const beginRun = (clock: Pick<Clock, "monotonicMs" | "after">, isStopped: () => boolean): Run => {
  const tally = createTally();
  const endsAtMs = clock.monotonicMs() + runMsMax;
  return {
    tally,
    isOver: () => isStopped() || clock.monotonicMs() >= endsAtMs,
    paced: async (work) => {
      const startedMs = clock.monotonicMs();
      const result = await work();
      const tookMs = clock.monotonicMs() - startedMs;
      await wait(clock, Math.min(Math.max(tookMs, pauseMs.min), pauseMs.max));
      return result;
    },
    total: tally.total,
  };
};
