import type { Store, StoreSize } from "../db/store.ts";
import type { Run } from "./run.ts";

/** The share of the store that stays free: what arrives next needs it, and giving it back would write everything twice. */
const keptShare = 0.1;

/** Whether enough is unused to give some of it back. */
export const isWorthReclaiming = ({ bytes, unusedBytes }: StoreSize): boolean => unusedBytes > bytes * keptShare;

/** Gives back to the file system what deleted rows left, a little at a time. Gives whether it got through. */
export const reclaimSpace = async (
  { store }: { store: Pick<Store, "reclaim" | "size"> },
  run: Run,
): Promise<boolean> => {
  for (let unusedBytes = Infinity; !run.isOver();) {
    const size = await store.size();
    // Nothing was given back: an engine that does so by itself, or a page that cannot be moved now.
    if (!isWorthReclaiming(size) || size.unusedBytes >= unusedBytes) return true;
    ({ unusedBytes } = size);
    await run.paced(() => store.reclaim());
  }
  return false;
};
