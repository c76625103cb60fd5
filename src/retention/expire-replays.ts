import type { Store } from "../db/store.ts";
import { keptSinceMs } from "../events/keeping.ts";
import type { Clock } from "../lib/clock.ts";
import { removeReplays, sourcesWithReplays } from "../replay/retention.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { Run } from "./run.ts";

type Parts = {
  readonly store: Pick<Store, "list" | "write">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly table: Pick<RoutingTable, "source" | "destination">;
  /** Whether the time of day may be believed. Until then, only what a deleted source left goes. */
  readonly isSteady: () => boolean;
};

/** How long a replay along a road is kept once it has ended. */
const roadDays = 1;

/**
 * Removes bulk replays: with the source or the destination that they are of, or when they ended as long ago as its events
 * are kept.
 */
export const expireReplays = async ({ store, clock, table, isSteady }: Parts, run: Run): Promise<boolean> => {
  for (const sourceId of await sourcesWithReplays(store)) {
    const ofDestination = table.destination(sourceId) === undefined ? undefined : roadDays;
    const retentionDays = table.source(sourceId)?.source.retentionDays ?? ofDestination;
    if (retentionDays !== undefined && !isSteady()) continue;
    const endedBeforeMs = retentionDays === undefined ? null : keptSinceMs(retentionDays, clock.nowMs());
    for (let more = true; more;) {
      if (run.isOver()) return false;
      const gone = await run.paced(() => removeReplays(store, sourceId, endedBeforeMs));
      run.tally.add({ replays: gone.removed });
      more = gone.more;
    }
  }
  return true;
};
