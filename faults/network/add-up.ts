import type { Account } from "../fault.ts";

/** What several accounts come to together. */
export const addUp = (accounts: readonly Account[]): Account => {
  const sum = (of: (account: Account) => number): number => accounts.reduce((so, account) => so + of(account), 0);
  return {
    acknowledged: sum(({ acknowledged }) => acknowledged),
    lost: sum(({ lost }) => lost),
    stuck: sum(({ stuck }) => stuck),
    duplicates: sum(({ duplicates }) => duplicates),
    duplicatesMax: sum(({ duplicatesMax }) => duplicatesMax),
    longestGapMs: Math.max(...accounts.map(({ longestGapMs }) => longestGapMs)),
    restarts: sum(({ restarts }) => restarts),
  };
};
