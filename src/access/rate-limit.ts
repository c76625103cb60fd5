import { BoundedCache } from "../lib/bounded-cache.ts";
import type { Clock } from "../lib/clock.ts";

/** Length of a window, unless it is said. All windows of one limit start together. */
const minuteMs = 60_000;

/** Whoever is counted within one window. Above it, those seen longest ago start anew. */
const countedMax = 10_000;

/** Where someone stands after asking once more. */
export type RateVerdict =
  /** There is no limit, and nothing to tell of it. */
  | { readonly kind: "unlimited" }
  | ({ readonly kind: "allowed" } & RateStanding)
  | ({ readonly kind: "limited"; readonly retryAfterSeconds: number } & RateStanding);

export type RateStanding = {
  /** Requests in a window. */
  readonly limit: number;
  /** Requests that are left in this one. */
  readonly remaining: number;
  /** When the window ends, in Unix seconds. */
  readonly resetAtSeconds: number;
  /** In how many seconds it ends, counted up. */
  readonly resetAfterSeconds: number;
};

/** Counts one request of `who`: a team's id, or whoever else has a budget. */
export type RateLimit = (who: string) => RateVerdict;

/** The standing at the `count`-th request of a window that has `leftMs` to go. */
export const judgeRate = (
  count: number,
  limit: number,
  { leftMs, resetAtSeconds }: { leftMs: number; resetAtSeconds: number },
): RateVerdict => {
  const resetAfterSeconds = Math.max(1, Math.ceil(leftMs / 1_000));
  const standing = { limit, remaining: Math.max(0, limit - count), resetAtSeconds, resetAfterSeconds };
  return count <= limit
    ? { kind: "allowed", ...standing }
    : { kind: "limited", ...standing, retryAfterSeconds: resetAfterSeconds };
};

/**
 * Fixed windows of a minute, or of `windowMs`, told by the monotonic clock: nobody waits an hour because the wall clock was
 * set back. A `limit` of 0 switches it off.
 */
export const createRateLimit = (
  limit: number,
  clock: Pick<Clock, "nowMs" | "monotonicMs">,
  windowMs: number = minuteMs,
): RateLimit => {
  if (limit === 0) return () => ({ kind: "unlimited" });
  const counts = new BoundedCache<string, number>(countedMax);
  let endsMs = -Infinity;
  let resetAtSeconds = 0;
  return (who) => {
    const nowMs = clock.monotonicMs();
    if (nowMs >= endsMs) {
      counts.clear();
      endsMs = (Math.floor(nowMs / windowMs) + 1) * windowMs;
      // Told once per window, so that every answer within it names the same second.
      resetAtSeconds = Math.ceil((clock.nowMs() + endsMs - nowMs) / 1_000);
    }
    const count = (counts.get(who) ?? 0) + 1;
    counts.set(who, count);
    return judgeRate(count, limit, { leftMs: endsMs - nowMs, resetAtSeconds });
  };
};
