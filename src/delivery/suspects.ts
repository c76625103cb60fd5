import type { Draft } from "../db/group-commit.ts";
import { isPassing } from "../db/store-error.ts";
import type { Store } from "../db/store.ts";
import type { Delivery } from "../queue/delivery.ts";
import { chargeOperation, suspectClaims } from "../queue/suspect.ts";

/** Crashes that a delivery was under way at and that are taken for bad luck. One more, and it is taken for their cause. */
export const crashesMax = 3;

const chargesMax = 500;

/** Whether an attempt may start: it was put on record where it must be; or the store cannot record anything now. */
export type Admission<T> = { readonly kind: "admitted"; readonly result: T } | { readonly kind: "unavailable" };

/** Runs an attempt at a delivery as its past demands. */
export type Suspects = <T>(delivery: Delivery, attempt: () => Promise<T>) => Promise<Admission<T>>;

/**
 * Finds out which delivery kills the process, when one does. Whatever may have been under way at a crash is a suspect:
 * that it is tried again is on disk before it is tried. After a second crash suspects are tried one at a time,
 * so that the third can only be charged to its cause, and nobody else is given up for having stood beside it.
 */
export const createSuspects = (store: Pick<Store, "line">): Suspects => {
  const charge = store.line<Delivery, null>({
    name: "suspects",
    itemsMax: chargesMax,
    draft: (deliveries): Draft<null> => ({
      operations: [chargeOperation(deliveries)],
      committed: () => deliveries.map(() => null),
    }),
  });
  let last: Promise<void> = Promise.resolve();

  const charged: Suspects = async (delivery, attempt) => {
    try {
      await charge(delivery);
    } catch (error) {
      if (isPassing(error)) return { kind: "unavailable" };
      throw error;
    }
    return { kind: "admitted", result: await attempt() };
  };
  const inTurn: Suspects = async (delivery, attempt) => {
    const before = last;
    const turn = Promise.withResolvers<void>();
    last = turn.promise;
    try {
      await before;
      return await charged(delivery, attempt);
    } finally {
      turn.resolve();
    }
  };
  return async (delivery, attempt) => {
    const isSuspect = delivery.claims >= suspectClaims && delivery.claims <= crashesMax;
    if (!isSuspect) return { kind: "admitted", result: await attempt() };
    return delivery.claims < crashesMax ? charged(delivery, attempt) : inTurn(delivery, attempt);
  };
};
