import { isPassing } from "../db/store-error.ts";
import type { Store } from "../db/store.ts";
import type { Id } from "../lib/ids.ts";
import { readStored, readStoredTogether, readTogetherMax, type Stored } from "./read.ts";

/** Reads an event and its bytes. Null: it is not there. */
export type ReadEvent = (eventId: Id) => Promise<Stored | null>;

type Waiting = {
  readonly eventId: Id;
  readonly resolve: (stored: Stored | null) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Reads events for those who ask one at a time, and together what is asked for at once: across a network
 * a query costs more than the rows that it brings.
 */
export const createStoredReader = (store: Pick<Store, "lookup">): ReadEvent => {
  let waiting: Waiting[] = [];
  const alone = ({ eventId, resolve, reject }: Waiting): void => void readStored(store, eventId).then(resolve, reject);
  const together = async (some: readonly Waiting[]): Promise<void> => {
    let found: Awaited<ReturnType<typeof readStoredTogether>>;
    try {
      found = await readStoredTogether(store, [...new Set(some.map(({ eventId }) => eventId))]);
    } catch (error) {
      // One of them may be damaged: nobody else is to suffer for it.
      const again = some.length > 1 && !isPassing(error) ? alone : ({ reject }: Waiting) => reject(error);
      for (const each of some) again(each);
      return;
    }
    for (const { eventId, resolve, reject } of some) {
      try {
        resolve(found.get(eventId)?.() ?? null);
      } catch (error) {
        reject(error);
      }
    }
  };
  const readAll = (): void => {
    const all = waiting;
    waiting = [];
    while (all.length > 0) void together(all.splice(0, readTogetherMax));
  };
  return (eventId) =>
    new Promise((resolve, reject) => {
      waiting.push({ eventId, resolve, reject });
      // After all that was started together has come to ask, and before the event loop turns.
      if (waiting.length === 1) process.nextTick(readAll);
    });
};
