import type { Id } from "../lib/ids.ts";
import type { Delivery } from "../queue/delivery.ts";
import { RateWindow } from "./rate.ts";
import type { Work } from "./work.ts";

/** What is sent beyond the rate in any second, at most: a part of it. Without that, what waits would grow with every delay. */
const overRate = 0.03;

type Sender = Pick<Delivery, "replayId" | "destinationId">;

/**
 * Counts what bulk replays with a rate send to each destination: their deliveries come at that rate, but where a receiver was
 * slow for a while, or deliveries are tried again, many are due at once.
 */
export class ReplayRates {
  readonly #rateOf: (replayId: Id) => number | null;
  readonly #windows = new Map<Id, Map<Id, RateWindow>>();

  /** `rateOf`: deliveries per second. Null: without a rate, or ended. */
  constructor(rateOf: (replayId: Id) => number | null) {
    this.#rateOf = rateOf;
  }

  /** How long a delivery must wait for its replay's rate; 0: it may go. `monotonicMs` is now. */
  waitMs({ delivery }: Pick<Work, "delivery">, monotonicMs: number): number {
    const limit = this.#limitOf(delivery);
    return limit === null ? 0 : this.#window(delivery).waitMs(limit, monotonicMs);
  }

  /** Counts a delivery that was told that it may go. Gives where it counts; null: its replay has no rate. */
  take({ delivery }: Pick<Work, "delivery">, monotonicMs: number): RateWindow | null {
    const limit = this.#limitOf(delivery);
    if (limit === null) return null;
    const window = this.#window(delivery);
    window.take(limit, monotonicMs);
    return window;
  }

  #limitOf({ replayId }: Sender): { readonly rateLimit: number; readonly ratePeriod: "second" } | null {
    const rate = replayId === null ? null : this.#rateOf(replayId);
    return rate === null ? null : { rateLimit: Math.floor(rate * (1 + overRate)), ratePeriod: "second" };
  }

  #window({ replayId, destinationId }: Sender): RateWindow {
    const known = replayId === null ? undefined : this.#windows.get(replayId)?.get(destinationId);
    if (known !== undefined) return known;
    const window = new RateWindow();
    if (replayId === null) return window;
    for (const id of this.#windows.keys()) if (this.#rateOf(id) === null) this.#windows.delete(id);
    const own = this.#windows.get(replayId) ?? new Map<Id, RateWindow>();
    this.#windows.set(replayId, own.set(destinationId, window));
    return window;
  }
}
