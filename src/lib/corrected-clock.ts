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
 * Wall time as several machines have it in common: that of the one clock that all of them ask. From the first reading on the own
 * monotonic clock carries it from one reading to the next. The own wall clock is asked no more: whoever sets that ahead for
 * three seconds would have what is due an hour from now, and ids that nobody else reaches for an hour.
 */
export const createCorrectedClock = (clock: Clock): CorrectedClock => {
  /** From the monotonic clock to the other one. */
  let offsetMs: number | null = null;
  return {
    ...clock,
    nowMs: () => (offsetMs === null ? clock.nowMs() : Math.floor(clock.monotonicMs() + offsetMs)),
    follow: ({ otherMs, sentAtMs, receivedAtMs }) => {
      const [leastMs, mostMs] = [otherMs - receivedAtMs, otherMs - sentAtMs];
      offsetMs = Math.min(Math.max(offsetMs ?? (leastMs + mostMs) / 2, leastMs), mostMs);
    },
  };
};
