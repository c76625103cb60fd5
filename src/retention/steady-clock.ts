import type { Clock } from "../lib/clock.ts";

/**
 * Wall time that goes another way than monotonic time by more than this was set by somebody. At the start it may have
 * been, when it is ahead of the last that is known by more.
 */
const driftMsMax = 60 * 60 * 1000;

/** How long a time that was set, or may have been, must stand before it is believed. */
const believedAfterMs = 60 * 60 * 1000;

/**
 * Whether the time of day may be believed, asked again and again. A clock that was set years ahead by mistake must
 * not make everything expire at once: whoever set it has an hour to see that. So has NTP, on a machine that comes up with
 * a wrong clock: after `newestKnownMs`, the last time that was recorded before the start (Unix milliseconds, 0 for none),
 * a machine that was off for long looks the same, and for that one an hour does not matter.
 */
export const createSteadyClock = (
  clock: Pick<Clock, "nowMs" | "monotonicMs">,
  newestKnownMs: number,
): (() => boolean) => {
  const offset = (): number => clock.nowMs() - clock.monotonicMs();
  let lastOffsetMs = offset();
  let jumpedAtMs = clock.nowMs() - newestKnownMs > driftMsMax ? clock.monotonicMs() : Number.NEGATIVE_INFINITY;
  return () => {
    const offsetMs = offset();
    if (Math.abs(offsetMs - lastOffsetMs) > driftMsMax) jumpedAtMs = clock.monotonicMs();
    lastOffsetMs = offsetMs;
    return clock.monotonicMs() - jumpedAtMs >= believedAfterMs;
  };
};
