import type { Clock } from "./clock.ts";

/** What another clock showed, Unix milliseconds, at some moment between two of the own monotonic clock. */
export type ClockReading = {
  readonly otherMs: number;
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
};

/** A clock whose wall time is another machine's, as far as readings tell. */
export type CorrectedClock = Clock & {
  /** Follows the other clock by no more than the reading proves: its round trip says nothing. */
  follow(reading: ClockReading): void;
};

/**
 * Wall time as several machines have it in common: the own clock, and its measured distance to the one that all of them ask. A
 * clock that is minutes off, or is set while the process runs, is right again with the next reading.
 */
export const createCorrectedClock = (clock: Clock): CorrectedClock => {
  let offsetMs: number | null = null;
  return {
    ...clock,
    nowMs: () => clock.nowMs() + Math.round(offsetMs ?? 0),
    follow: ({ otherMs, sentAtMs, receivedAtMs }) => {
      const [nowMs, monotonicMs] = [clock.nowMs(), clock.monotonicMs()];
      const leastMs = otherMs + monotonicMs - receivedAtMs - nowMs;
      const mostMs = otherMs + monotonicMs - sentAtMs - nowMs;
      offsetMs = Math.min(Math.max(offsetMs ?? (leastMs + mostMs) / 2, leastMs), mostMs);
    },
  };
};
