import type { Destination } from "../routing/destination.ts";

/** When to try again, and when to stop. */
export type RetryPolicy = {
  /** Waits before the 2nd, 3rd, … attempt. Their number bounds the attempts. */
  readonly waitsMs: readonly number[];
  /** Share of each wait that is added at random, 0 to 1, so that receivers are not hit in step. */
  readonly jitter: number;
};

/** A receiver's Retry-After lengthens a wait up to this. */
export const retryAfterMsMax: number = 3_600_000;

/** 429 without more says that the receiver is overrun: a minute is the least that helps. */
export const tooManyRequestsMsMin: number = 60_000;

/** Krafter's published schedule: five attempts, `15 + 2^n` seconds apart. */
const krafterWaitsMs = [17_000, 19_000, 23_000, 31_000];

/** The published default of hookstream. */
const hookstreamWaitsMs = [30_000, 300_000, 1_800_000, 7_200_000, 86_400_000];

const dialectWaitsMs = { krafter: krafterWaitsMs, hookstream: hookstreamWaitsMs } as const;

/** A destination's own schedule, or that of the API which made it. */
export const retryPolicyOf = ({
  retryScheduleSeconds,
  dialect,
}: Pick<Destination, "retryScheduleSeconds" | "dialect">): RetryPolicy => ({
  waitsMs: retryScheduleSeconds?.map((seconds) => seconds * 1000) ?? dialectWaitsMs[dialect],
  jitter: 0.1,
});

/** The wait before the next attempt, or null when there is none. `random` is in [0, 1). */
export const nextWaitMs = (
  policy: RetryPolicy,
  { attemptsMade, retryAfterMs, random }: { attemptsMade: number; retryAfterMs: number; random: number },
): number | null => {
  const waitMs = policy.waitsMs[attemptsMade - 1];
  if (waitMs === undefined) return null;
  return Math.round(Math.max(waitMs + waitMs * policy.jitter * random, Math.min(retryAfterMs, retryAfterMsMax)));
};

/** Reads Retry-After: seconds, or an HTTP date (RFC 9110, section 10.2.3). Null when it is neither. */
export const readRetryAfterMs = (value: string | undefined, nowMs: number): number | null => {
  if (value === undefined) return null;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // `Date.parse` takes much that is no HTTP date; all of those name the weekday first.
  const atMs = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
};
