import type { Clock } from "../../lib/clock.ts";
import type { Operation, OperationResult } from "../statement.ts";
import { isInterrupted } from "../store-error.ts";
import type { Command } from "./_command.ts";
import { createCompiler } from "./_compile.ts";
import { isRepeatable, isStale } from "./_failure.ts";
import type { CommandResult } from "./_round.ts";
import { beginCommands, commit, readProof, rollBack, unwritten } from "./_settle.ts";
import type { Session } from "./session.ts";

/** A batch that lost a deadlock, or whose connection broke before its commit, is tried so often. */
const triesMax = 3;

/**
 * Of what a batch does, every row is found by a key. The planner knows nothing of how many rows an array has, and sorted
 * or hashed whole tables for it: 106 µs for each event, 35 with these.
 */
const settings = {
  statement_timeout: "9000",
  lock_timeout: "5000",
  idle_in_transaction_session_timeout: "15000",
  plan_cache_mode: "force_generic_plan",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  jit: "off",
} as const;

const begin = beginCommands(settings);

/** What batches are written through. */
export type BatchParts = {
  /** As many as there are batches under way at once. */
  readonly sessions: readonly [Session, ...Session[]];
  /** Asked when an answer was lost. */
  readonly beside: Session;
  readonly clock: Pick<Clock, "after">;
};

/** Writes a batch in one durable transaction. An `isExclusive` one sees all that those before it wrote. */
export type WriteBatch = (
  operations: readonly Operation[],
  isExclusive: boolean,
) => Promise<readonly OperationResult[]>;

type Steps = readonly { readonly commands: readonly Command[] }[];

const toResults = (steps: Steps, results: readonly CommandResult[]): readonly OperationResult[] => {
  let used = begin.length;
  return steps.map(({ commands }) => {
    const own = results.slice(used, used + commands.length);
    used += commands.length;
    return { rows: own.flatMap(({ rows }) => rows), changes: own.reduce((sum, { changes }) => sum + changes, 0) };
  });
};

type Attempt =
  | { readonly kind: "written"; readonly results: readonly OperationResult[] }
  /** Nothing was written, for a reason that may be over. */
  | { readonly kind: "unwritten"; readonly error: unknown };

const writeOnce = async (parts: BatchParts, session: Session, steps: Steps): Promise<Attempt> => {
  let results: readonly CommandResult[];
  try {
    results = await session.run([...begin, ...steps.flatMap(({ commands }) => commands)]);
  } catch (error) {
    if (isInterrupted(error)) return { kind: "unwritten", error: unwritten(error) };
    if (isStale(error)) return { kind: "unwritten", error };
    await rollBack(session, session.generation);
    if (isRepeatable(error)) return { kind: "unwritten", error };
    throw error;
  }
  const outcome = await commit({ ...parts, session }, readProof(session, results));
  if (outcome === "aborted") return { kind: "unwritten", error: unwritten() };
  return { kind: "written", results: toResults(steps, results) };
};

const writeSoon = async (parts: BatchParts, session: Session, steps: Steps): Promise<readonly OperationResult[]> => {
  for (let tries = 1; ; tries += 1) {
    const attempt = await writeOnce(parts, session, steps);
    if (attempt.kind === "written") return attempt.results;
    if (tries >= triesMax) throw attempt.error;
  }
};

const leastBusy = (sessions: readonly [Session, ...Session[]]): Session =>
  sessions.reduce((best, next) => (next.pending < best.pending ? next : best));

/**
 * Writes batches on connections of their own, several at once. What only adds rows need not wait for the commits before it;
 * their answers come in the order in which they were begun all the same.
 */
export const createBatches = (parts: BatchParts): WriteBatch => {
  const compile = createCompiler();
  let before: Promise<unknown> = Promise.resolve();
  return async (operations, isExclusive) => {
    const steps = operations.map((operation) => ({ commands: compile(operation) }));
    const earlier = before;
    const write = async (): Promise<readonly OperationResult[]> => {
      if (isExclusive) await earlier;
      return writeSoon(parts, leastBusy(parts.sessions), steps);
    };
    const mine = write();
    before = Promise.allSettled([earlier, mine]);
    await before;
    return mine;
  };
};
