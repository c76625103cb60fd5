import type { Store } from "../db/store.ts";
import { type Clock, wait } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Ownership } from "../queue/ownership.ts";
import { dueTimes } from "../queue/read.ts";
import { releaseLost } from "../queue/release-lost.ts";
import { readDeleted } from "../routing/read-deleted.ts";
import type { RoutingTable } from "../routing/table.ts";

const againMs = 1_000;

/** What recovery needs. */
export type RecoveryParts = {
  readonly store: Pick<Store, "write" | "lookup" | "list" | "cluster">;
  readonly clock: Pick<Clock, "after">;
  readonly table: Pick<RoutingTable, "destinations">;
  readonly observer: Pick<Observer, "faulted">;
  readonly ownership: Pick<Ownership, "standingOf" | "holds">;
  /** All that this process holds: waiting, being tried, or with an outcome that is not on disk. */
  readonly inHand: () => Iterable<Delivery>;
  readonly noteDue: (destinationId: Id, atMs: number) => void;
};

/**
 * Brings memory and store together after a commit whose answer was lost. What it claimed is in nobody's hands, and what
 * it made due was told to nobody: both would lie there until the next start.
 */
export const createRecovery = (parts: RecoveryParts): (() => void) => {
  const { store, clock, table, observer, ownership, inHand, noteDue } = parts;
  const isOurs = (destinationId: Id): boolean => ownership.standingOf(destinationId) === "ours";
  const state = { isRunning: false, isWanted: false };
  const recover = async (): Promise<void> => {
    const ids = [...table.destinations()].map(({ destination }) => destination.id).filter(isOurs);
    // What is claimed for a deleted one is in nobody's way, but has to be due to be cancelled.
    await releaseLost(store, [...ids, ...(await readDeleted(store, "destinations"))], {
      holds: (tx) => ownership.holds(tx),
      isOurs,
      inHand: () => new Set([...inHand()].map(({ id }) => id)),
    });
    for (const [id, atMs] of await dueTimes(store, ids)) noteDue(id, atMs);
  };
  const run = async (): Promise<void> => {
    state.isRunning = true;
    while (state.isWanted) {
      state.isWanted = false;
      try {
        await recover();
      } catch (error) {
        observer.faulted({ task: "recover from a lost commit", error });
        state.isWanted = true;
        await wait(clock, againMs);
      }
    }
    state.isRunning = false;
  };
  return () => {
    state.isWanted = true;
    if (!state.isRunning) void run();
  };
};
