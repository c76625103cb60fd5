import type { Clock } from "../lib/clock.ts";

/** Wall time that goes another way than monotonic time by more than this was set by somebody. */
const driftMsMax = 60 * 60 * 1000;

/** How long a time that was set must stand before it is believed. */
const believedAfterMs = 60 * 60 * 1000;

/**
 * Whether the time of day may be believed, asked again and again. A clock that was set years ahead by mistake must
 * not make everything expire at once: whoever set it has an hour to see that.
 */
export const createSteadyClock = (clock: Pick<Clock, "nowMs" | "monotonicMs">): (() => boolean) => {
  const offset = (): number => clock.nowMs() - clock.monotonicMs();
  let lastOffsetMs = offset();
  let jumpedAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const offsetMs = offset();
    if (Math.abs(offsetMs - lastOffsetMs) > driftMsMax) jumpedAtMs = clock.monotonicMs();
    lastOffsetMs = offsetMs;
    return clock.monotonicMs() - jumpedAtMs >= believedAfterMs;
  };
};
