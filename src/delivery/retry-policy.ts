import type { Backoff, Destination } from "../routing/destination.ts";

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

/** What a policy is made of. */
type Retried = Pick<Destination, "retryScheduleSeconds" | "dialect" | "retry">;

/** The wait before the retry of this number, 0 for the first. `intervalsMs` has one at least. */
const waitOf = (backoff: Exclude<Backoff, "schedule">, intervalsMs: readonly number[], retry: number): number => {
  const [first = 0] = intervalsMs;
  switch (backoff) {
    case "exponential":
      return intervalsMs[retry] ?? intervalsMs.at(-1) ?? 0;
    case "linear":
      return first * (retry + 1);
    case "fixed":
      return first;
  }
};

const waitsOf = ({ retryScheduleSeconds, dialect, retry }: Retried): readonly number[] => {
  const { backoff, intervalsSeconds, retriesMax } = retry;
  if (backoff === "schedule") {
    const scheduleMs = retryScheduleSeconds?.map((seconds) => seconds * 1000) ?? dialectWaitsMs[dialect];
    return retriesMax === null ? scheduleMs : scheduleMs.slice(0, retriesMax);
  }
  const intervalsMs = intervalsSeconds?.map((seconds) => seconds * 1000) ?? hookstreamWaitsMs;
  return Array.from({ length: retriesMax ?? intervalsMs.length }, (_, at) => waitOf(backoff, intervalsMs, at));
};

/** A destination's own schedule, or that of the API which made it. What backoffs say is published as exact: no jitter. */
export const retryPolicyOf = (destination: Retried): RetryPolicy => ({
  waitsMs: destination.retry.enabled ? waitsOf(destination) : [],
  jitter: destination.retry.backoff === "schedule" ? 0.1 : 0,
});

/** A destination's retries in the words of backoffs: a schedule is the intervals of an exponential one. */
export const shownRetry = (
  destination: Retried,
): {
  readonly backoff: Exclude<Backoff, "schedule">;
  readonly intervalsSeconds: readonly number[];
  readonly retriesMax: number;
} => {
  const { backoff, intervalsSeconds } = destination.retry;
  const waitsMs = waitsOf(destination);
  const ownMs = backoff === "schedule" ? waitsMs : hookstreamWaitsMs;
  return {
    backoff: backoff === "schedule" ? "exponential" : backoff,
    intervalsSeconds: (backoff === "schedule" ? null : intervalsSeconds) ?? ownMs.map((ms) => ms / 1000),
    retriesMax: waitsMs.length,
  };
};

/**
 * A destination's retries in the words of schedules: its waits in seconds, none where nothing is tried again. Null: those
 * of the Krafter API.
 */
export const shownSchedule = (destination: Retried): readonly number[] | null => {
  const { dialect, retry, retryScheduleSeconds } = destination;
  if (!retry.enabled) return [];
  const isOwn = dialect === "krafter" && retry.backoff === "schedule" && retry.retriesMax === null;
  return isOwn ? retryScheduleSeconds : waitsOf(destination).map((waitMs) => waitMs / 1000);
};

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
