import type { RunQuery } from "../kysely.ts";
import type { OperationResult, SqlValue } from "../statement.ts";
import { isInterrupted, StoreError } from "../store-error.ts";
import { askTwice } from "./_ask-twice.ts";
import { type Command, toCommand } from "./_command.ts";
import { createSession, type SessionOptions } from "./session.ts";

const sessionsCount = { lookup: 4, list: 2 } as const;
/** Reads that may wait for each connection before more are refused. */
const waitingMax = { lookup: 1_000, list: 64 } as const;
const rowsMax = 10_000;
const readMsMax = 10_000;

/**
 * How lists are planned. They have indexes: a plan that reads a whole table because its statistics are old, or because it hopes to
 * stop early, is never better by much. They are cut off after so many rows: what a bitmap takes from an index before it gives the
 * first row is all for nothing, and a plan for any limit takes it for a tenth of all rows there are. And one list keeps one
 * process of the server busy, not three.
 */
const planning = {
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  max_parallel_workers_per_gather: "0",
  plan_cache_mode: "force_custom_plan",
} as const;

/**
 * With a time limit of the server's: lists are the ones that may take long by themselves. A lookup would be a statement more each
 * time; one that waits for a lock is ended when its connection is given up. All of it ends with the round.
 */
const limit: Command = {
  text: `select ${Object.entries({ statement_timeout: readMsMax - 500, ...planning })
    .map(([name, value]) => `set_config('${name}', '${value}', true)`)
    .join(", ")}`,
  values: [],
};

/** The two ways to read: by key, many at once; and lists, whose connections are their own so that they keep nobody waiting. */
export type Reads = { readonly lookup: RunQuery; readonly list: RunQuery; close(): Promise<void> };

const nothing: OperationResult = { rows: [], changes: 0 };

const asRead = (error: unknown): unknown =>
  isInterrupted(error) && error instanceof StoreError
    ? new StoreError("unavailable", error.message, { cause: error })
    : error;

const createPool = (kind: "lookup" | "list", options: Omit<SessionOptions, "rowsMax" | "answerMsMax">) => {
  const sessions = Array.from({ length: sessionsCount[kind] }, () =>
    createSession({ ...options, rowsMax, answerMsMax: readMsMax }),
  );
  const run = async (text: string, parameters: readonly SqlValue[]): Promise<OperationResult> => {
    // The first one that is free, so that a quiet gateway keeps few connections busy.
    const session = sessions.reduce((best, next) => (next.pending < best.pending ? next : best));
    if (session.pending >= waitingMax[kind]) throw new StoreError("unavailable", "too many reads wait; try again");
    const query = toCommand(text, parameters);
    try {
      return (await askTwice(session, kind === "list" ? [limit, query] : [query])).at(-1) ?? nothing;
    } catch (error) {
      throw asRead(error);
    }
  };
  return { run, close: () => Promise.all(sessions.map((session) => session.close())) };
};

/** Opens nothing until the first read. */
export const createReads = (options: Omit<SessionOptions, "rowsMax" | "answerMsMax">): Reads => {
  const lookups = createPool("lookup", options);
  const lists = createPool("list", options);
  return {
    lookup: lookups.run,
    list: lists.run,
    close: async () => {
      await Promise.all([lookups.close(), lists.close()]);
    },
  };
};
