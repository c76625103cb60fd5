import type { Store, Tx } from "../store.ts";

/** What is kept in memory of a store that nobody else writes: only an answer that was lost can make it outdated. */
export type Keeping = Pick<Store, "keep" | "freshen"> & { doubt(): void };

export const createKeeping = (write: Store["write"]): Keeping => {
  const reloads: ((tx: Tx) => Promise<void>)[] = [];
  let isDoubtful = false;
  return {
    doubt: () => {
      isDoubtful = true;
    },
    keep: async (_kept, reload) => {
      reloads.push(reload);
      await write(reload);
    },
    freshen: async () => {
      if (!isDoubtful) return;
      isDoubtful = false;
      try {
        await write(async (tx) => {
          for (const reload of reloads) await reload(tx);
        });
      } catch (error) {
        isDoubtful = true;
        throw error;
      }
    },
  };
};
