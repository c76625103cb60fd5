import type { Arrival, Receiver } from "../receiver.ts";

/** What a path was sent of the events of a replay. */
export type Received = {
  /** Oldest first. */
  readonly arrivals: readonly Arrival[];
  readonly numbers: ReadonlySet<number>;
  /** Arrivals beyond the first of a number. */
  readonly repeats: number;
  /** Numbers that came under several `webhook-id`s, and `webhook-id`s that came with several numbers. */
  readonly confused: number;
};

/** The header by which a receiver knows that it has had an event before. */
export const idHeader = "webhook-id";

const countConfused = (arrivals: readonly Arrival[]): number => {
  const ids = new Set(arrivals.map(({ headers }) => String(headers[idHeader])));
  const numbers = new Set(arrivals.map(({ number }) => number));
  const pairs = new Set(arrivals.map(({ number, headers }) => `${number} ${String(headers[idHeader])}`));
  return 2 * pairs.size - ids.size - numbers.size;
};

/** What came on a path until now, of these numbers. */
export const receivedOn = (
  { arrivals: all }: Pick<Receiver, "arrivals">,
  path: string,
  isOf: (number: number) => boolean,
): Received => {
  const arrivals = all.filter((arrival) => arrival.path === path && isOf(arrival.number));
  const numbers = new Set(arrivals.map(({ number }) => number));
  return { arrivals, numbers, repeats: arrivals.length - numbers.size, confused: countConfused(arrivals) };
};
