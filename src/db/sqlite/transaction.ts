import type { Clock } from "../../lib/clock.ts";
import { createKysely } from "../kysely.ts";
import { StoreError } from "../store-error.ts";
import type { Tx } from "../store.ts";
import type { Thread } from "./thread.ts";

/** Rows that one statement of a transaction may bring to memory. */
const rowsMax = 100_000;

/** All other writes wait for a transaction: one that hangs must not hold them for ever. */
const transactionMsMax = 10_000;

/** What a transaction runs on, and what it does. `outside` runs the hooks that follow it. */
export type TransactionParts<T> = {
  readonly writer: Pick<Thread, "ask" | "deaths">;
  readonly clock: Pick<Clock, "after">;
  readonly work: (tx: Tx) => Promise<T>;
  readonly outside: (run: () => void) => void;
};

/** Runs `work` as one transaction on the writer, which the caller holds. */
export const runTransaction = async <T>({ writer, clock, work, outside }: TransactionParts<T>): Promise<T> => {
  const hooks: (() => void)[] = [];
  const deathsBefore = writer.deaths;
  // A thread that is started again knows nothing of the transaction: what it is asked next would stand alone.
  const ask: Thread["ask"] = (request) => {
    if (writer.deaths === deathsBefore) return writer.ask(request);
    return Promise.reject(
      new StoreError("unavailable", "the writer died inside the transaction; nothing of it remains"),
    );
  };
  let open = true;
  const kysely = createKysely("sqlite", (sql, parameters) => {
    if (!open) return Promise.reject(new StoreError("misuse", "the transaction is over"));
    return ask({ kind: "query", sql, parameters, rowsMax });
  });
  const tx: Tx = {
    // Rooms type their own tables; the connection is the same for all.
    tables: <Tables>() => kysely as ReturnType<typeof tx.tables<Tables>>,
    afterCommit: (run) => hooks.push(run),
    holdRows: () => Promise.resolve(),
  };
  await ask({ kind: "exec", sql: "begin immediate" });
  const overdue = Promise.withResolvers<never>();
  const timer = clock.after(transactionMsMax, () =>
    overdue.reject(new StoreError("misuse", `a transaction took more than ${transactionMsMax} ms and was rolled back`)),
  );
  let result: T;
  try {
    result = await Promise.race([work(tx), overdue.promise]);
    open = false;
    await ask({ kind: "exec", sql: "commit" });
  } catch (error) {
    open = false;
    // The rollback fails when SQLite has rolled back by itself (full disk) or the thread died; both leave nothing.
    await ask({ kind: "exec", sql: "rollback" }).catch(() => null);
    throw error;
  } finally {
    timer.cancel();
  }
  for (const hook of hooks) outside(hook);
  return result;
};
