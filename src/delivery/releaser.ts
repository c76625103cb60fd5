import type { Draft } from "../db/group-commit.ts";
import { isHeld, isPassing } from "../db/store-error.ts";
import type { Store } from "../db/store.ts";
import { type Clock, wait } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Ownership } from "../queue/ownership.ts";
import { deliveryRow, releaseClaimsOperation } from "../queue/settle.ts";

const releasesMax = 1000;
const againMs = 250;

/** What somebody's open transaction holds is held for longer. */
const heldAgainMs = 1_000;

/** What a releaser needs. */
export type ReleaserParts = {
  readonly store: Pick<Store, "line">;
  readonly clock: Pick<Clock, "after">;
  readonly ownership: Pick<Ownership, "standingOf">;
  /** A delivery is due in the store. */
  readonly noteDue: (destinationId: Id, atMs: number) => void;
};

/** Gives claims back to the store that were not tried. */
export type Releaser = {
  /**
   * Resolves once the store has it. While that fails it is tried again, unless somebody else took the destination
   * over: then it takes what we had claimed as well.
   */
  giveBack(delivery: Delivery): Promise<void>;
  /** What is not given back yet. */
  inHand(): Iterable<Delivery>;
  /** For the end of the process: nothing is tried again. */
  giveUp(): void;
};

/** Opens the line by which claims are given back. */
export const createReleaser = ({ store, clock, ownership, noteDue }: ReleaserParts): Releaser => {
  const release = store.line<Delivery, null>({
    name: "releases",
    itemsMax: releasesMax,
    rows: (delivery) => [deliveryRow(delivery)],
    draft: (deliveries): Draft<null> => ({
      operations: [releaseClaimsOperation(deliveries)],
      committed: () => {
        for (const { destinationId, createdAtMs } of deliveries) noteDue(destinationId, createdAtMs);
        return deliveries.map(() => null);
      },
    }),
  });
  const pending = new Set<Delivery>();
  let isEnding = false;

  /** Gives null when that is all, or how long to wait before the next try. */
  const tryToRelease = async (delivery: Delivery): Promise<number | null> => {
    try {
      await release(delivery);
      return null;
    } catch (error) {
      if (isEnding || !isPassing(error) || ownership.standingOf(delivery.destinationId) === "theirs") return null;
      return isHeld(error) ? heldAgainMs : againMs;
    }
  };
  return {
    giveBack: async (delivery) => {
      pending.add(delivery);
      for (let waitMs = await tryToRelease(delivery); waitMs !== null; waitMs = await tryToRelease(delivery)) {
        await wait(clock, waitMs);
      }
      pending.delete(delivery);
    },
    inHand: () => pending,
    giveUp: () => {
      isEnding = true;
    },
  };
};
