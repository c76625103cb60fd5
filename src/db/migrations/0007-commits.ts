import type { Migration } from "../migration.ts";

/**
 * The last transaction that each connection to a server committed, by its number there: a connection that breaks before its
 * answer came leaves behind whether it was written. Rows of connections that are gone are removed a day later.
 *
 * An embedded store has the table as well, and no use for it.
 */
export const commits: Migration = {
  version: 7,
  name: "commits",
  statements: ({ integer, changing }) => [
    `create table commits ( -- owner: db
      connection ${integer} not null primary key,
      number ${integer} not null,
      written_at_s ${integer} not null
    )${changing}`,
  ],
};
