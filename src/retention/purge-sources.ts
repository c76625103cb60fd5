import type { Store } from "../db/store.ts";
import { removeEventCounts } from "../events/count.ts";
import { findExpired } from "../events/retention.ts";
import { removeRefused } from "../ingest/refused-log.ts";
import type { Id } from "../lib/ids.ts";
import { readDeleted } from "../routing/read-deleted.ts";
import { removeAll } from "./remove-events.ts";
import type { Run } from "./run.ts";

type Parts = { readonly store: Pick<Store, "list" | "write" | "writeBeside"> };

/** Events that are looked at in one go. */
const lookedAtMax = 200;

const purgeSource = async (parts: Parts, run: Run, sourceId: Id): Promise<boolean> => {
  for (let after: Id | null = null; ;) {
    if (run.isOver()) return false;
    const wish = { sourceId, beforeMs: null, quarantinedOnly: false, after, limit: lookedAtMax };
    const events = await findExpired(parts.store, wish);
    await removeAll(parts, run, events, "claimed");
    if (events.length < lookedAtMax) return true;
    after = events.at(-1)?.id ?? null;
  }
};

/** Removes what deleted sources left: their events, and all that came of them. Gives whether it got through. */
export const purgeSources = async (parts: Parts, run: Run): Promise<boolean> => {
  for (const sourceId of await readDeleted(parts.store, "sources")) {
    if (!(await purgeSource(parts, run, sourceId))) return false;
    await run.paced(() =>
      parts.store.writeBeside(async (tx) => {
        await removeEventCounts(tx, [sourceId]);
        await removeRefused(tx, sourceId);
      }),
    );
  }
  return true;
};
