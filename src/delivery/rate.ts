import type { Destination, RatePeriod } from "../routing/destination.ts";

/** The lengths of the spans that rates are counted in. */
export const periodMs: Readonly<Record<RatePeriod, number>> = { second: 1000, minute: 60_000, hour: 3_600_000 };

/** Sums of times are off by this much at most. Whoever waited as long as told may go. */
const roundingMs = 0.001;

/** Sends that are out of the span are forgotten once this many lie in front. */
const forgottenMax = 256;

/** How many sends in which span. Null: as many as there are. */
export type Rate = Pick<Destination, "rateLimit" | "ratePeriod">;

/**
 * Counts the sends of one lane: never more than the limit in any span of that length, wherever the span begins. It
 * remembers the sends of the last span, so bursts are allowed, the bound is exact, and a quiet lane costs nothing.
 */
export class RateWindow {
  #sentAtMs: number[] = [];
  #othersUntilMs: number | null;
  /** Where the sends that count begin. */
  #first = 0;

  /** `othersUntilMs`: another process may have sent until then, by the monotonic clock, and nobody knows how much. */
  constructor(othersUntilMs: number | null = null) {
    this.#othersUntilMs = othersUntilMs;
  }

  /** How long to wait before the next send; 0 takes the send. `monotonicMs` is now. */
  take(rate: Rate, monotonicMs: number): number {
    const waitMs = this.waitMs(rate, monotonicMs);
    if (waitMs === 0 && rate.rateLimit !== null) this.#sentAtMs.push(monotonicMs);
    return waitMs;
  }

  /** How long to wait before the next send; 0: it may be taken. */
  waitMs({ rateLimit, ratePeriod }: Rate, monotonicMs: number): number {
    if (rateLimit === null || ratePeriod === null) return 0;
    this.#assumeOthers(rateLimit, ratePeriod);
    this.#forget(monotonicMs - periodMs[ratePeriod]);
    // With a limit that was lowered, more may count than the limit: the one that makes room lies further back.
    const blocking = this.#sentAtMs[Math.max(this.#first, this.#sentAtMs.length - rateLimit)];
    const isFull = this.#sentAtMs.length - this.#first >= rateLimit;
    const waitMs = isFull && blocking !== undefined ? blocking + periodMs[ratePeriod] - monotonicMs : 0;
    return waitMs > roundingMs ? waitMs : 0;
  }

  /** What was taken is sent now, and counts from now on: reading it from the store may have taken its time. */
  sends(takenAtMs: number, monotonicMs: number): void {
    const taken = this.#sentAtMs.lastIndexOf(takenAtMs);
    if (taken < this.#first) return;
    this.#sentAtMs.splice(taken, 1);
    this.#sentAtMs.push(monotonicMs);
  }

  /**
   * What another process sent is taken to be all that it might. In a second, at the last moment; in a longer span, evenly:
   * nothing at all for an hour would be worse than what it keeps from happening.
   */
  #assumeOthers(rateLimit: number, ratePeriod: RatePeriod): void {
    const untilMs = this.#othersUntilMs;
    if (untilMs === null) return;
    this.#othersUntilMs = null;
    const stepMs = ratePeriod === "second" ? 0 : periodMs[ratePeriod] / rateLimit;
    for (let left = rateLimit - 1; left >= 0; left -= 1) this.#sentAtMs.push(untilMs - left * stepMs);
  }

  #forget(untilMs: number): void {
    while ((this.#sentAtMs[this.#first] ?? Number.POSITIVE_INFINITY) <= untilMs) this.#first += 1;
    if (this.#first < forgottenMax) return;
    this.#sentAtMs = this.#sentAtMs.slice(this.#first);
    this.#first = 0;
  }
}
