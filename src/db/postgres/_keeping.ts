import type { Clock, Timer } from "../../lib/clock.ts";
import type { Kept } from "../kept.ts";
import type { Store, Tx } from "../store.ts";
import { changeCommands, lookCommands, versionsSql } from "./_locks.ts";
import { Memory, type Reload } from "./_memory.ts";
import type { Reads } from "./_reads.ts";
import { shareRuns } from "./_shared-runs.ts";
import { runTransaction, type TransactionParts } from "./_transaction.ts";

/** What keeping needs. */
export type KeepingParts = {
  readonly transaction: Omit<TransactionParts<unknown>, "work" | "opening">;
  readonly reads: Pick<Reads, "lookup">;
  readonly clock: Pick<Clock, "after">;
  /** Runs `work` while nobody else of this process writes. */
  readonly lock: (work: () => Promise<void>) => Promise<void>;
};

/** What this process keeps of the store in memory, and how that stays what the store holds. */
export type Keeping = Pick<Store, "keep" | "freshen"> & {
  readonly memory: Memory;
  /** Reloads what is outdated. The caller holds the writer. */
  catchUp(): Promise<void>;
  /** Runs a transaction that changes what others keep. The caller holds the writer. */
  change<T>(kept: Kept, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Looks no more. */
  close(): Promise<void>;
};

/** While nothing is written, nothing else tells of what others change. An idle process asks for less than two things a second. */
const lookEveryMs = 2_000;

/** Opens nothing, and looks at nothing until something is kept. */
export const createKeeping = ({ transaction, reads, clock, lock }: KeepingParts): Keeping => {
  const memory = new Memory();
  let timer: Timer | null = null;
  let isClosed = false;

  const catchUp = async (): Promise<void> => {
    if (memory.kept.length === 0) return;
    const outdated = await runTransaction({
      ...transaction,
      opening: lookCommands(memory.kept),
      work: async (tx, [, versions]) => {
        const parts = memory.outdated(versions?.rows ?? []);
        for (const { reload } of parts) await reload(tx);
        return parts;
      },
    });
    for (const { become } of outdated) become();
  };
  const freshen = shareRuns(async () => {
    const { rows } = await reads.lookup(versionsSql, []);
    if (memory.outdated(rows).length > 0) await lock(catchUp);
  });
  const lookAgain = (): void => {
    timer = clock.after(lookEveryMs, () => void look());
  };
  const look = async (): Promise<void> => {
    // A database that is away is noticed, and told of, by those who need it.
    await freshen().catch(() => null);
    if (!isClosed) lookAgain();
  };
  return {
    memory,
    catchUp,
    freshen,
    keep: async (kept: Kept, reload: Reload) => {
      memory.keep(kept, reload);
      await lock(catchUp);
      if (timer === null && !isClosed) lookAgain();
    },
    change: async (kept, work) => {
      const changed = await runTransaction({
        ...transaction,
        opening: changeCommands(kept),
        work: async (tx, [, grown]) => ({
          result: await work(tx),
          version: Number(grown?.rows[0]?.["version"]),
        }),
      });
      memory.changed(kept, changed.version);
      return changed.result;
    },
    close: async () => {
      isClosed = true;
      timer?.cancel();
    },
  };
};
