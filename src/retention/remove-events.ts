import type { Store, Tx } from "../db/store.ts";
import { removeAttempts, removeAttemptsOf } from "../delivery/remove-attempts.ts";
import { type Expired, removeEvents } from "../events/retention.ts";
import { type Id, idToBytes } from "../lib/ids.ts";
import { eventsWith, findEndedOf, removeDeliveries, removeDeliveriesOf } from "../queue/remove.ts";
import { batchesOf, batchMax, rowsOf } from "./batches.ts";
import type { Run } from "./run.ts";

type Parts = { readonly store: Pick<Store, "list" | "writeBeside"> };

/**
 * What holds an event back: deliveries that have not ended; or, when its source is gone, only those that a lane has in its
 * hands, whose outcome would otherwise be recorded for an event that is not there.
 */
export type HeldBack = "live" | "claimed";

/** Deliveries of one event that are removed in one transaction, when it has too many. Each may have 51 attempts. */
const thinnedMax = 20;

/** Removes events with all that rooms keep of them, save those that are held back. */
const removeBatch = async (tx: Tx, run: Run, ids: readonly Id[], heldBack: HeldBack): Promise<void> => {
  // Whoever replays one of them at this moment is over before, or finds it gone.
  await tx.holdRows("events", ids.map(idToBytes));
  const kept = await eventsWith(tx, heldBack, ids);
  const going = ids.filter((id) => !kept.has(id));
  if (going.length === 0) return;
  const attempts = await removeAttemptsOf(tx, going);
  const deliveries = await removeDeliveriesOf(tx, going);
  const events = await removeEvents(tx, going);
  tx.afterCommit(() => run.tally.add({ events, deliveries, attempts }));
};

/** Removes ended deliveries of an event that is too large for one transaction, until it is not. */
const thin = async ({ store }: Parts, run: Run, event: Expired, heldBack: HeldBack): Promise<void> => {
  for (let rows = rowsOf(event); rows > batchMax.rows && !run.isOver();) {
    const keys = await findEndedOf(store, event.id, thinnedMax);
    const removed = await run.paced(() =>
      store.writeBeside(async (tx) => {
        const kept = await eventsWith(tx, heldBack, [event.id]);
        if (keys.length === 0 || kept.size > 0) return 0;
        const attempts = await removeAttempts(tx, keys);
        const deliveries = await removeDeliveries(tx, keys);
        tx.afterCommit(() => run.tally.add({ deliveries, attempts }));
        return attempts + deliveries;
      }),
    );
    if (removed === 0) return;
    rows -= removed;
  }
};

/** Removes events in short transactions, with pauses between. */
export const removeAll = async (
  parts: Parts,
  run: Run,
  events: readonly Expired[],
  heldBack: HeldBack,
): Promise<void> => {
  for (const batch of batchesOf(events)) {
    if (run.isOver()) return;
    for (const event of batch) if (rowsOf(event) > batchMax.rows) await thin(parts, run, event, heldBack);
    const ids = batch.map(({ id }) => id);
    await run.paced(() => parts.store.writeBeside((tx) => removeBatch(tx, run, ids, heldBack)));
  }
};
