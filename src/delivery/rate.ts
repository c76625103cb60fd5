import type { Destination, RatePeriod } from "../routing/destination.ts";

/** The lengths of the spans that rates are counted in. */
export const periodMs: Readonly<Record<RatePeriod, number>> = { second: 1000, minute: 60_000, hour: 3_600_000 };

/**
 * Counts the sends of one lane: never more than the limit in any span of that length, wherever the span begins. It
 * remembers the last `limit` sends, so bursts are allowed and the bound is exact.
 */
export class RateWindow {
  #limit = 0;
  #sentAtMs = new Float64Array(0);
  #next = 0;

  /** How long to wait before the next send; 0 takes the send. `monotonicMs` is now. */
  take({ rateLimit, ratePeriod }: Pick<Destination, "rateLimit" | "ratePeriod">, monotonicMs: number): number {
    if (rateLimit === null || ratePeriod === null) return 0;
    if (rateLimit !== this.#limit) this.#resize(rateLimit);
    const oldestMs = this.#sentAtMs[this.#next] ?? Number.NEGATIVE_INFINITY;
    const waitMs = oldestMs + periodMs[ratePeriod] - monotonicMs;
    if (waitMs > 0) return waitMs;
    this.#sentAtMs[this.#next] = monotonicMs;
    this.#next = (this.#next + 1) % rateLimit;
    return 0;
  }

  /** A new limit keeps the newest sends, so that changing it lets no burst through. */
  #resize(limit: number): void {
    const inOrder = [...this.#sentAtMs.subarray(this.#next), ...this.#sentAtMs.subarray(0, this.#next)];
    const kept = inOrder.slice(-limit);
    this.#sentAtMs = new Float64Array(limit).fill(Number.NEGATIVE_INFINITY);
    this.#sentAtMs.set(kept, limit - kept.length);
    this.#limit = limit;
    this.#next = 0;
  }
}
