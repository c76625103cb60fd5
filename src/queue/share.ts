import { bucketsCount } from "./bucket.ts";

/** How many buckets are a fair share among that many owners. All shares together may be a few more than there are. */
export const fairShare = (owners: number): number => Math.ceil(bucketsCount / Math.max(1, owners));

/** Which buckets to let go so that the others get their share: the highest of those that are kept. */
export const surplusOf = (kept: Iterable<number>, owners: number): readonly number[] =>
  [...kept].toSorted((a, b) => a - b).slice(fairShare(owners));

/** What changed between what memory says and what the store says. */
export type HoldingChange = { readonly gained: readonly number[]; readonly lost: readonly number[] };

/** Compares what is held in memory with what the store gives this process. */
export const changeOf = (held: Iterable<number>, given: Iterable<number>): HoldingChange => {
  const [before, now] = [new Set(held), new Set(given)];
  return {
    gained: [...now].filter((bucket) => !before.has(bucket)),
    lost: [...before].filter((bucket) => !now.has(bucket)),
  };
};
