import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";

/** Entries above which old ones are dropped. */
const windowsMany = 1_000;

type Window = { startMs: number; events: number; bytes: number };

/** How much one source may send in a span of time. */
export type WindowLimit = { readonly eventsMax: number; readonly bytesMax: number };

/**
 * Counts what each source sends in fixed spans of the monotonic clock. Entries whose span is over are dropped once there
 * are many.
 */
export class WindowCount {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #spanMs: number;
  readonly #windows = new Map<Id, Window>();

  constructor(clock: Pick<Clock, "monotonicMs">, spanMs: number) {
    this.#clock = clock;
    this.#spanMs = spanMs;
  }

  /** Counts one event. Gives 0 when it is within the limit, else how long until the next span begins. */
  take(sourceId: Id, bytes: number, { eventsMax, bytesMax }: WindowLimit): number {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#windows.get(sourceId);
    const isCurrent = known !== undefined && nowMs - known.startMs < this.#spanMs;
    const window = isCurrent ? known : { startMs: nowMs, events: 0, bytes: 0 };
    if (!isCurrent) this.#open(sourceId, window, nowMs);
    if (window.events >= eventsMax || window.bytes + bytes > bytesMax) return window.startMs + this.#spanMs - nowMs;
    window.events += 1;
    window.bytes += bytes;
    return 0;
  }

  #open(sourceId: Id, window: Window, nowMs: number): void {
    if (this.#windows.size >= windowsMany) {
      for (const [id, { startMs }] of this.#windows) if (nowMs - startMs >= this.#spanMs) this.#windows.delete(id);
    }
    this.#windows.set(sourceId, window);
  }
}
