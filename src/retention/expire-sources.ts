import type { Store } from "../db/store.ts";
import { dayMs } from "../events/keeping.ts";
import type { Clock } from "../lib/clock.ts";
import { deleteSource } from "../routing/delete-source.ts";
import { readExpired } from "../routing/read-expired.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { Run } from "./run.ts";

type Parts = {
  readonly store: Pick<Store, "list" | "lookup" | "write">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly table: RoutingTable;
};

/** How long a URL goes on saying that it has expired, before nobody knows it any more. */
const knownForMs = dayMs;

/** Deletes ephemeral sources whose time is over. Their events go like those of any deleted source. Gives whether it got through. */
export const expireSources = async (parts: Parts, run: Run): Promise<boolean> => {
  for (;;) {
    const expired = await readExpired(parts.store, parts.clock.nowMs() - knownForMs);
    if (expired.length === 0) return true;
    for (const { id, ...scope } of expired) {
      if (run.isOver()) return false;
      await run.paced(() => deleteSource(parts, scope, id));
    }
  }
};
