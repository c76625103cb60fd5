import { onTestFinished } from "vitest";

import { runIn } from "../../../harness/postgres.ts";
import type { Join } from "../../../src/db/group-commit.ts";
import { insertStatement, type OperationResult, rawStatement, type Statement } from "../../../src/db/statement.ts";
import type { Store } from "../../../src/db/store.ts";
import { type Clock, systemClock } from "../../../src/lib/clock.ts";
import { openStoreAt } from "../../support/open-store.ts";

/** A store with one small table, opened through `url`, and looked at through `direct`. */
export type MarkedStore = {
  readonly store: Store;
  readonly join: Join<number, number>;
  /** The same by a statement of which rows come back. */
  readonly joinReading: Join<number, number>;
  readonly interruptions: () => number;
  marks(): Promise<readonly number[]>;
};

const insertReading = rawStatement("insert into marks values (?) returning mark", {
  parameters: ["integer"],
  returns: true,
});

const insert = insertStatement({ table: "marks", columns: { mark: "integer" } });

/** Opens one. */
export const openMarks = async (
  url: string,
  direct: string = url,
  clock: Clock = systemClock,
): Promise<MarkedStore> => {
  await runIn(direct, "create table if not exists marks (mark bigint not null)");
  const store = await openStoreAt({ directory: "", url, clock, observer: {} });
  onTestFinished(() => store.close());
  let interruptions = 0;
  store.onInterrupted(() => {
    interruptions += 1;
  });
  const lineOf = (
    name: string,
    statement: Statement,
    read: (result: OperationResult, marks: readonly number[]) => number[],
  ) =>
    store.line<number, number>({
      name,
      itemsMax: 100,
      overlaps: true,
      draft: (marks) => ({
        operations: [{ statement, rows: marks.map((mark) => [mark]) }],
        committed: ([result]) => read(result ?? { rows: [], changes: 0 }, marks),
      }),
    });
  const join = lineOf("marks", insert, (_, marks) => [...marks]);
  const joinReading = lineOf("read marks", insertReading, ({ rows }) => rows.map(({ mark }) => Number(mark)));
  return {
    store,
    join,
    joinReading,
    interruptions: () => interruptions,
    marks: async () => (await runIn(direct, "select mark from marks order by mark")).map(({ mark }) => Number(mark)),
  };
};

/** What came of a promise: its value, or the code of its error. */
export const outcomeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.catch((error: unknown) => (error as { code: string }).code);
