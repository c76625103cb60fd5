import type { Store } from "../db/store.ts";
import { refreshStatuses } from "../events/status.ts";
import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import { cancelUnclaimed } from "../queue/cancel.ts";
import type { CancelReason } from "../queue/delivery.ts";

/** Deliveries in one transaction: all other writes wait for it. */
const cancelledMax = 500;

/** After a failure, the rest is tried again then. */
const againMs = 5_000;

/** Which deliveries end: those made before a destination was last switched off, or all of a deleted one. */
export type Cancellation = {
  readonly destinationId: Id;
  readonly enablingBelow: number;
  readonly reason: CancelReason;
};

/** Ends what nobody wants any more, in batches beside live traffic. */
export type Canceller = {
  /** Resolves when the first batch is done; what is left follows by itself. */
  cancel(cancellation: Cancellation): Promise<void>;
  /** The same behind the caller's back; it is tried again until it is done. */
  cancelBehind(cancellation: Cancellation): void;
  /** Resolves when nothing is being cancelled. No further batch starts. */
  stop(): Promise<void>;
};

/** What a canceller needs. */
export type CancellerParts = {
  readonly store: Pick<Store, "write">;
  readonly clock: Clock;
  readonly observer: Pick<Observer, "deliveryEnded" | "faulted">;
};

/** A batch that is cut off by a crash is found again at the next start, by the destinations that have live deliveries. */
export const createCanceller = ({ store, clock, observer }: CancellerParts): Canceller => {
  const running = new Set<Promise<void>>();
  const state = { isStopped: false };

  const cancelSome = async ({ destinationId, enablingBelow, reason }: Cancellation): Promise<boolean> => {
    const eventIds = await store.write(async (tx) => {
      const wish = { destinationId, enablingBelow, reason, nowMs: clock.nowMs(), limit: cancelledMax };
      const cancelled = await cancelUnclaimed(tx, wish);
      await refreshStatuses(tx, cancelled);
      return cancelled;
    });
    if (eventIds.length > 0) {
      observer.deliveryEnded({ status: "cancelled", reason, destinationId, deliveries: eventIds.length });
    }
    return eventIds.length === cancelledMax;
  };
  const follow = (cancellation: Cancellation): void => {
    const rest = cancelRest(cancellation).finally(() => running.delete(rest));
    running.add(rest);
  };
  const cancelRest = async (cancellation: Cancellation): Promise<void> => {
    try {
      for (let more = true; more && !state.isStopped;) more = await cancelSome(cancellation);
    } catch (error) {
      observer.faulted({ task: "cancel deliveries", error });
      clock.after(againMs, () => {
        if (!state.isStopped) follow(cancellation);
      });
    }
  };

  return {
    cancel: async (cancellation) => {
      if (await cancelSome(cancellation)) follow(cancellation);
    },
    cancelBehind: follow,
    stop: async () => {
      state.isStopped = true;
      await Promise.all(running);
    },
  };
};
