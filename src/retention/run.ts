import { type Clock, wait } from "../lib/clock.ts";
import type { Tally } from "./removed.ts";

/** A part of a run ends after that long, so that the others have their turn; the next run goes on where it stopped. */
const partMsMax = 20_000;

/** Pauses between two transactions. */
const pauseMs = { min: 5, max: 500 } as const;

/** One pass over one kind of what may have to go. */
export type Run = {
  readonly tally: Tally;
  /** Whether it is to stop: its time is up, or the process ends. Asked between two transactions. */
  isOver(): boolean;
  /** Does a piece of work that holds the writer or a reader, and then leaves them to others for as long as it took. */
  paced<T>(work: () => Promise<T>): Promise<T>;
};

/** What a run needs, and counts into. */
export type RunParts = {
  readonly clock: Pick<Clock, "monotonicMs" | "after">;
  readonly tally: Tally;
  readonly isStopped: () => boolean;
};

/** Begins a run. */
export const beginRun = ({ clock, tally, isStopped }: RunParts): Run => {
  const endsAtMs = clock.monotonicMs() + partMsMax;
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
  };
};
