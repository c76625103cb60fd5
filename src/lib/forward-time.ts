import type { Clock } from "./clock.ts";

/** How fast time goes on while the clock is behind it, because somebody set it back. */
const catchUpRate = 0.9;

/** Time that never goes back, in Unix milliseconds. */
export type ForwardTime = Pick<Clock, "nowMs">;

/**
 * Wall time for what waits and for what must stay in order, also in the store. When the clock is set back, this time
 * goes on a little slower than time itself until the clock has caught up: nothing waits out the jump, and nothing
 * that comes later stands before what came earlier. A clock that is set forward is followed at once.
 *
 * It starts at `afterMs` (Unix milliseconds) at least: the latest time that an earlier process is known to have used.
 */
export const createForwardTime = (clock: Pick<Clock, "nowMs" | "monotonicMs">, afterMs: number): ForwardTime => {
  let lastMs = Math.max(clock.nowMs(), afterMs);
  let lastMonotonicMs = clock.monotonicMs();
  return {
    nowMs: () => {
      const monotonicMs = clock.monotonicMs();
      lastMs = Math.max(clock.nowMs(), lastMs + (monotonicMs - lastMonotonicMs) * catchUpRate);
      lastMonotonicMs = monotonicMs;
      return Math.floor(lastMs);
    },
  };
};
