import type { Store } from "../db/store.ts";
import { removeAttempts } from "../delivery/remove-attempts.ts";
import { refreshStatuses } from "../events/status.ts";
import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import { cancelUnclaimed } from "../queue/cancel.ts";
import type { DeliveryKey } from "../queue/delivery.ts";
import { findDeliveriesTo, hasLive, removeDeliveries } from "../queue/remove.ts";
import { readDeleted } from "../routing/read-deleted.ts";
import type { Run } from "./run.ts";

/** What it takes to remove the deliveries of deleted destinations. */
export type SweepParts = {
  readonly store: Pick<Store, "list" | "lookup" | "write">;
  readonly clock: Pick<Clock, "nowMs">;
  readonly observer: Pick<Observer, "deliveryEnded">;
};

/** Destinations that one walk looks for. */
const destinationsMax = 100;

/** Deliveries in one transaction: all other writes wait for it. */
const deliveriesMax = 100;

/** Removes the deliveries of deleted destinations, in one walk through all deliveries for many of them. */
export type Sweeper = {
  /** Goes on for as long as the run lasts. Gives whether it got through. */
  sweep(run: Run): Promise<boolean>;
  /** Whether nothing is left of a deleted destination. Known for what this process has swept. */
  isSwept(destinationId: Id): boolean;
};

/** What a crash or a canceller left: nothing else looks for it once the destination is out of routing. */
const cancelLeft = async ({ store, clock, observer }: SweepParts, run: Run, destinationId: Id): Promise<void> => {
  const reason = "destination_deleted";
  for (let cancelled = deliveriesMax; cancelled === deliveriesMax && !run.isOver();) {
    const wish = {
      destinationId,
      enablingBelow: Number.MAX_SAFE_INTEGER,
      reason,
      nowMs: clock.nowMs(),
      limit: deliveriesMax,
    } as const;
    const eventIds = await run.paced(() =>
      store.write(async (tx) => {
        const ended = await cancelUnclaimed(tx, wish);
        await refreshStatuses(tx, ended);
        return ended;
      }),
    );
    cancelled = eventIds.length;
    if (cancelled > 0) observer.deliveryEnded({ status: "cancelled", reason, destinationId, deliveries: cancelled });
  }
};

const removeKeys = ({ store }: SweepParts, run: Run, keys: readonly DeliveryKey[]): Promise<void> =>
  run.paced(() =>
    store.write(async (tx) => {
      const attempts = await removeAttempts(tx, keys);
      const deliveries = await removeDeliveries(tx, keys);
      await refreshStatuses(
        tx,
        keys.map(({ eventId }) => eventId),
      );
      tx.afterCommit(() => run.tally.add({ attempts, deliveries }));
    }),
  );

/** Makes a sweeper. It remembers how far it came, and begins anew after a restart. */
export const createSweeper = (parts: SweepParts): Sweeper => {
  const { store } = parts;
  let swept: ReadonlySet<Id> = new Set();
  let walk: { readonly ids: readonly Id[]; after: DeliveryKey | null } | null = null;

  /** Only what has ended is removed, so a destination's turn comes when all of its deliveries have. */
  const chooseNext = async (run: Run): Promise<readonly Id[]> => {
    const deleted = await readDeleted(store, "destinations");
    swept = new Set(deleted.filter((id) => swept.has(id)));
    const ready: Id[] = [];
    for (const id of deleted) {
      if (swept.has(id) || ready.length === destinationsMax || run.isOver()) continue;
      if (await hasLive(store, id)) await cancelLeft(parts, run, id);
      if (!(await hasLive(store, id))) ready.push(id);
    }
    return ready;
  };

  const advance = async (run: Run, { ids, after }: NonNullable<typeof walk>): Promise<DeliveryKey | null> => {
    const { keys, next } = await run.paced(() => findDeliveriesTo(store, ids, after));
    for (let at = 0; at < keys.length; at += deliveriesMax) {
      await removeKeys(parts, run, keys.slice(at, at + deliveriesMax));
    }
    return next;
  };

  return {
    isSwept: (destinationId) => swept.has(destinationId),
    sweep: async (run) => {
      while (!run.isOver()) {
        if (walk === null) {
          const ids = await chooseNext(run);
          if (ids.length === 0) return true;
          walk = { ids, after: null };
        }
        walk.after = await advance(run, walk);
        if (walk.after !== null) continue;
        swept = new Set([...swept, ...walk.ids]);
        walk = null;
      }
      return false;
    },
  };
};
