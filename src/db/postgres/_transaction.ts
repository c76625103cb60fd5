import type { Clock } from "../../lib/clock.ts";
import { createKysely } from "../kysely.ts";
import type { OperationResult } from "../statement.ts";
import { isInterrupted, StoreError } from "../store-error.ts";
import type { Tx } from "../store.ts";
import { toBinaryArray } from "./_arrays.ts";
import { askTwice } from "./_ask-twice.ts";
import { type Command, toCommand } from "./_command.ts";
import { type Mark, markCommandsCount, marking } from "./_mark.ts";
import { commit, rollBack, type SettleParts, unwritten } from "./_settle.ts";
import type { Session } from "./session.ts";

/** All other writes of the process wait for a transaction: one that hangs must not hold them for ever. */
const transactionMsMax = 10_000;

const begin = marking({
  statement_timeout: "9000",
  lock_timeout: "5000",
  idle_in_transaction_session_timeout: "15000",
});

/** What a transaction runs on, and what it does. `outside` runs the hooks that follow it. */
export type TransactionParts<T> = SettleParts & {
  readonly session: Session;
  /** What comes before everything else, in the same round trip. Default: nothing. */
  readonly opening?: readonly Command[];
  /** `opened`: what came of `opening`. */
  readonly work: (tx: Tx, opened: readonly OperationResult[]) => Promise<T>;
  readonly outside: (run: () => void) => void;
};

/** In the order of ids, which is that of batches: two processes that hold the same rows in two orders wait for each other. */
const holdSql = (table: string): string =>
  `select 1 from ${table} where id = any($1::bytea[]) order by id for no key update`;

/** Runs `work`, or throws once it has taken too long. */
const inTime = async <T>(clock: Pick<Clock, "after">, work: Promise<T>): Promise<T> => {
  const overdue = Promise.withResolvers<never>();
  const timer = clock.after(transactionMsMax, () =>
    overdue.reject(new StoreError("misuse", `a transaction took more than ${transactionMsMax} ms and was rolled back`)),
  );
  try {
    return await Promise.race([work, overdue.promise]);
  } finally {
    timer.cancel();
  }
};

/** Runs `work` as one transaction on a session that the caller holds. */
export const runTransaction = async <T>(parts: TransactionParts<T>): Promise<T> => {
  const { session, clock, work, outside, opening = [] } = parts;
  const hooks: (() => void)[] = [];
  const { mark, opened } = await openedBy(session, opening);
  let isOpen = true;
  const ask = async (command: Command) => {
    if (!isOpen) throw new StoreError("misuse", "the transaction is over");
    const [result] = await session.run([command], mark.generation).catch((error: unknown) => {
      throw isInterrupted(error) ? unwritten(error) : error;
    });
    return result ?? { rows: [], changes: 0 };
  };
  const kysely = createKysely("postgres", (text, parameters) => ask(toCommand(text, parameters)));
  const tx: Tx = {
    // Rooms type their own tables; the connection is the same for all.
    tables: <Tables>() => kysely as ReturnType<typeof tx.tables<Tables>>,
    afterCommit: (run) => hooks.push(run),
    holdRows: async (table, ids) => {
      await ask({ text: holdSql(table), values: [toBinaryArray("bytes", ids)] });
    },
  };
  let result: T;
  try {
    result = await inTime(clock, work(tx, opened));
    isOpen = false;
  } catch (error) {
    isOpen = false;
    await rollBack(session, mark.generation);
    throw error;
  }
  if ((await commit(parts, mark)) === "aborted") throw unwritten();
  for (const hook of hooks) outside(hook);
  return result;
};

type Opened = { readonly mark: Mark; readonly opened: readonly OperationResult[] };

const openedBy = async (session: Session, opening: readonly Command[]): Promise<Opened> => {
  let mark: Mark | null = null;
  try {
    const results = await askTwice(session, (own) => {
      mark = own;
      return [...begin(own), ...opening];
    });
    if (mark === null) throw new StoreError("misuse", "the transaction was opened without a mark");
    return { mark, opened: results.slice(markCommandsCount) };
  } catch (error) {
    // A lock that was not given in time leaves a transaction behind that takes nothing any more.
    if (!isInterrupted(error)) await rollBack(session, session.generation);
    throw error;
  }
};
