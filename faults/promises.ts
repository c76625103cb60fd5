import type { Account } from "./fault.ts";

/** What a fault has found out about what must hold. */
export type Promises = {
  /** Those that did not hold. */
  readonly broken: readonly string[];
  /** `what`: the promise, in a sentence; it is broken when it is not kept. */
  keep(what: string, isKept: boolean): void;
};

/** Starts with none broken. */
export const createPromises = (): Promises => {
  const broken: string[] = [];
  return {
    broken,
    keep: (what, isKept) => {
      if (!isKept) broken.push(what);
    },
  };
};

/** What every fault must leave true. */
export const keepAccount = (promises: Promises, account: Account): void => {
  const { lost, stuck, duplicates, duplicatesMax } = account;
  promises.keep(`nothing acknowledged is lost; ${lost} were`, lost === 0);
  promises.keep(`nothing is stuck at the end; ${stuck} are`, stuck === 0);
  promises.keep(
    `what was under way is delivered again, and nothing else: at most ${duplicatesMax} times; it was ${duplicates}`,
    duplicates <= duplicatesMax,
  );
};
