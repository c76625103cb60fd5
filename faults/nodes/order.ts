import type { Arrival } from "../receiver.ts";

/** How many numbers arrived for the first time after a greater one had. */
export const countOvertaken = (arrivals: readonly Pick<Arrival, "number">[]): number => {
  const seen = new Set<number>();
  let greatest = 0;
  let count = 0;
  for (const { number } of arrivals) {
    if (number < greatest && !seen.has(number)) count += 1;
    seen.add(number);
    greatest = Math.max(greatest, number);
  }
  return count;
};

const windowMs = 1_000;

/** How many of these times, which are in order, lie within any second at most. */
export const mostInASecond = (timesMs: readonly number[]): number => {
  let from = 0;
  let most = 0;
  for (const [index, atMs] of timesMs.entries()) {
    while ((timesMs[from] ?? atMs) <= atMs - windowMs) from += 1;
    most = Math.max(most, index - from + 1);
  }
  return most;
};
