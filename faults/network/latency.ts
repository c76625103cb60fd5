import type { Load } from "../load.ts";
import type { Receiver } from "../receiver.ts";

/** A span of `performance.now()`. */
export type Span = { readonly fromMs: number; readonly untilMs: number };

/** How long each event that was sent within a span took from its sending to its first arrival. Lost ones are left out. */
export const latenciesMs = (
  { acknowledged }: Pick<Load, "acknowledged">,
  { arrivals }: Pick<Receiver, "arrivals">,
  { fromMs, untilMs }: Span,
): readonly number[] => {
  const arrivedMs = new Map<number, number>();
  for (const { number, atMs } of arrivals) if (!arrivedMs.has(number)) arrivedMs.set(number, atMs);
  return acknowledged.flatMap(({ number, sentMs }) => {
    const atMs = arrivedMs.get(number);
    return atMs === undefined || sentMs < fromMs || sentMs >= untilMs ? [] : [atMs - sentMs];
  });
};
