import type { Store } from "../db/store.ts";
import { removeExpiredKeys } from "../ingest/dedup-keys.ts";
import type { Clock } from "../lib/clock.ts";
import { batchMax } from "./batches.ts";
import type { Run } from "./run.ts";

type Parts = { readonly store: Pick<Store, "write">; readonly clock: Pick<Clock, "nowMs"> };

/** Removes what sources knew repeats by, once nothing is a repeat of it any more. Gives whether it got through. */
export const expireKeys = async ({ store, clock }: Parts, run: Run): Promise<boolean> => {
  for (let removed = batchMax.rows; removed === batchMax.rows;) {
    if (run.isOver()) return false;
    removed = await run.paced(() => removeExpiredKeys(store, { beforeMs: clock.nowMs(), limit: batchMax.rows }));
    run.tally.add({ dedupKeys: removed });
  }
  return true;
};
