import type { Store } from "../store.ts";
import { WriterLock } from "../writer-lock.ts";
import type { SettleParts } from "./_settle.ts";
import { runTransaction } from "./_transaction.ts";
import type { Session } from "./session.ts";

/** Transactions that run beside all that this process writes, one at a time. */
export type Background = {
  readonly write: Store["writeBeside"];
  /** Whether the caller runs inside one. */
  readonly isHolder: boolean;
  close(): Promise<void>;
};

/** Runs them on a connection of their own, which is opened by the first. */
export const createBackground = (session: Session, parts: SettleParts): Background => {
  const lock = new WriterLock();
  return {
    write: (work) => lock.lock(() => runTransaction({ ...parts, session, work, outside: (run) => lock.outside(run) })),
    get isHolder() {
      return lock.isHolder;
    },
    close: () => session.close(),
  };
};
