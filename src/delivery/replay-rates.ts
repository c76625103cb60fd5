import type { Id } from "../lib/ids.ts";
import type { Delivery } from "../queue/delivery.ts";
import { RateWindow } from "./rate.ts";
import type { Work } from "./work.ts";

/** What is sent beyond the rate in any second, at most: a part of it. Without that, what waits would grow with every delay. */
const overRate = 0.03;

/** How long deliveries wait at most to be looked at again, whose replay is not known here yet. */
const unknownMs = 1_000;

/** What is known of bulk replays. */
export type ReplayRatesParts = {
  /** Deliveries per second. Null: without a rate, or gone. Undefined: another process made it, a moment ago. */
  readonly rateOf: (replayId: Id) => number | null | undefined;
  /** Finds out about one that is not known. */
  readonly learn: (replayId: Id) => Promise<void>;
  /** Until when, on the monotonic clock, another process may have sent to a destination. Null: none did. */
  readonly changedAtMs: (destinationId: Id) => number | null;
  /** Something was found out. */
  readonly onLearnt: () => void;
};

type Sender = Pick<Delivery, "replayId" | "destinationId">;
type Limit = { readonly rateLimit: number; readonly ratePeriod: "second" };

/**
 * Counts what bulk replays with a rate send to each destination: their deliveries come at that rate, but where a receiver was
 * slow for a while, or deliveries are tried again, many are due at once. Of a replay that is not known nothing goes: it may
 * have been cancelled, or must not be tried again.
 */
export class ReplayRates {
  readonly #parts: ReplayRatesParts;
  readonly #windows = new Map<Id, Map<Id, RateWindow>>();
  readonly #learning = new Set<Id>();

  constructor(parts: ReplayRatesParts) {
    this.#parts = parts;
  }

  /** How long a delivery must wait for its replay's rate; 0: it may go. `monotonicMs` is now. */
  waitMs({ delivery }: Pick<Work, "delivery">, monotonicMs: number): number {
    const limit = this.#limitOf(delivery);
    if (limit === undefined) return unknownMs;
    return limit === null ? 0 : this.#window(delivery).waitMs(limit, monotonicMs);
  }

  /** Counts a delivery that was told that it may go. Gives where it counts; null: its replay has no rate. */
  take({ delivery }: Pick<Work, "delivery">, monotonicMs: number): RateWindow | null {
    const limit = this.#limitOf(delivery);
    if (limit === null || limit === undefined) return null;
    const window = this.#window(delivery);
    window.take(limit, monotonicMs);
    return window;
  }

  #limitOf({ replayId }: Sender): Limit | null | undefined {
    if (replayId === null) return null;
    const rate = this.#parts.rateOf(replayId);
    if (rate === undefined) void this.#learn(replayId);
    if (rate === undefined || rate === null) return rate;
    return { rateLimit: Math.floor(rate * (1 + overRate)), ratePeriod: "second" };
  }

  async #learn(replayId: Id): Promise<void> {
    if (this.#learning.has(replayId)) return;
    this.#learning.add(replayId);
    // A store that cannot be asked now is asked again when the delivery is looked at again.
    await this.#parts.learn(replayId).then(this.#parts.onLearnt, () => null);
    this.#learning.delete(replayId);
  }

  #window({ replayId, destinationId }: Sender): RateWindow {
    const known = replayId === null ? undefined : this.#windows.get(replayId)?.get(destinationId);
    if (known !== undefined) return known;
    const window = new RateWindow(this.#parts.changedAtMs(destinationId));
    if (replayId === null) return window;
    for (const id of this.#windows.keys()) if ((this.#parts.rateOf(id) ?? null) === null) this.#windows.delete(id);
    const own = this.#windows.get(replayId) ?? new Map<Id, RateWindow>();
    this.#windows.set(replayId, own.set(destinationId, window));
    return window;
  }
}

/** Where no bulk replay has a rate. */
export const withoutRates = (): ReplayRates =>
  new ReplayRates({
    rateOf: () => null,
    learn: () => Promise.resolve(),
    changedAtMs: () => null,
    onLearnt: () => undefined,
  });
