import type { Migration } from "../migration.ts";

/**
 * A bulk replay that was cut off can be gone on with, once, by another one: which that is, what it goes on with, and what
 * those before it left.
 */
export const resumedReplays: Migration = {
  version: 6,
  name: "resumed replays",
  statements: ({ bytes, text }) =>
    [`resumes ${bytes}`, `resumed_by ${bytes}`, `leftovers ${text}`].map(
      (column) => `alter table replays add column ${column}`,
    ),
};
