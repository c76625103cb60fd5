import type { Acknowledged } from "./load.ts";
import type { Arrival } from "./receiver.ts";

type Step = { readonly atMs: number; readonly number: number; readonly isArrival: boolean };

/** An arrival comes first where both came at once: it ends a wait. */
const inOrder = (a: Step, b: Step): number => a.atMs - b.atMs || Number(b.isArrival) - Number(a.isArrival);

/**
 * The longest time without any arrival while something was acknowledged that had not arrived, between `fromMs` and
 * `untilMs`. A wait that began before `fromMs` counts from there.
 */
export const longestGapMs = (
  acknowledged: readonly Pick<Acknowledged, "number" | "ackedMs">[],
  arrivals: readonly Pick<Arrival, "number" | "atMs">[],
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
): number => {
  const steps = [
    ...acknowledged.map(({ number, ackedMs }) => ({ number, atMs: ackedMs, isArrival: false })),
    ...arrivals.map(({ number, atMs }) => ({ number, atMs, isArrival: true })),
  ].toSorted(inOrder);
  const arrived = new Set<number>();
  const waiting = new Set<number>();
  let sinceMs = fromMs;
  let longestMs = 0;
  for (const { number, atMs, isArrival } of steps) {
    if (atMs > untilMs) break;
    const endsWait = isArrival && waiting.size > 0;
    if (endsWait) longestMs = Math.max(longestMs, atMs - sinceMs);
    if (isArrival) {
      arrived.add(number);
      waiting.delete(number);
    } else if (!arrived.has(number)) {
      if (waiting.size === 0) sinceMs = Math.max(fromMs, atMs);
      waiting.add(number);
    }
    if (isArrival) sinceMs = Math.max(fromMs, atMs);
  }
  return waiting.size === 0 ? longestMs : Math.max(longestMs, untilMs - sinceMs);
};
