/** A pending timer. `cancel` is idempotent. */
export type Timer = { cancel(): void };

/**
 * Where time comes from. Passed in everywhere, so that tests can move it.
 *
 * What is stored or shown uses wall time; waits, timeouts and rate windows use monotonic time, which no
 * operator and no NTP step can move.
 */
export type Clock = {
  /** Unix milliseconds. May jump in both directions. */
  nowMs(): number;
  /** Milliseconds since some fixed moment. Never goes back. */
  monotonicMs(): number;
  /** Runs `run` once after `delayMs`. Does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer;
  /** Runs `run` once the input and output that is ready now has been served. */
  soon(run: () => void): void;
};

/** `setTimeout` takes at most a signed 32-bit number of milliseconds and fires at once above it. */
const timeoutMsMax = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), timeoutMsMax));
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (run) => void setImmediate(run),
};

/** Resolves after `delayMs`. */
export const wait = (clock: Pick<Clock, "after">, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });

/** ISO 8601 in UTC with whole seconds, as both APIs show times. */
export const isoSeconds = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
