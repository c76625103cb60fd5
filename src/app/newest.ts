import type { Store } from "../db/store.ts";
import { newestEventMs } from "../events/newest.ts";
import { newestReplayMs } from "../replay/newest.ts";

/**
 * The latest time that the ids in the store tell of, Unix milliseconds: new ids must come after it, and a clock that is
 * far ahead of it is in doubt. 0: the store tells of none.
 */
export const newestKnownMs = async (store: Pick<Store, "lookup">): Promise<number> =>
  Math.max((await newestEventMs(store)) ?? 0, (await newestReplayMs(store)) ?? 0);
