/** Microseconds on the machine's monotonic clock: on Linux the same in every process, and exact below 2^53. */
export const nowUs = (): number => Number(process.hrtime.bigint() / 1000n);

/** Resolves after `delayMs`. */
export const pause = (delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
