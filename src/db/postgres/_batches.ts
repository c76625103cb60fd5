import { wait } from "../../lib/clock.ts";
import type { CommitRequest, Committed } from "../group-commit.ts";
import type { OperationResult } from "../statement.ts";
import { HeldError, isInterrupted, StoreError } from "../store-error.ts";
import type { Command } from "./_command.ts";
import { createCompiler } from "./_compile.ts";
import { heldAt, isRepeatable, isStale, toStoreError } from "./_failure.ts";
import type { Fence } from "./_fence.ts";
import { type Conditions, guardCommand, guardLocks, readObjection } from "./_guard.ts";
import { type Mark, markCommandsCount, marking } from "./_mark.ts";
import type { Memory } from "./_memory.ts";
import type { Outcome } from "./_outcome.ts";
import type { CommandResult } from "./_round.ts";
import { commit, commitCommand, outcomeOf, rollBack, settle, type SettleParts, unwritten } from "./_settle.ts";
import type { Session } from "./session.ts";

/** A batch that lost a deadlock, or whose connection broke before its commit, is tried so often. */
const triesMax = 5;

/** Before it is tried again, and twice as long each time after: who won must wake and go on before the batch is in its way again. */
const againMs = 20;

/**
 * Of what a batch does, every row is found by a key. The planner knows nothing of how many rows an array has, and sorted
 * or hashed whole tables for it: 106 µs for each event, 35 with these.
 */
const settings = {
  statement_timeout: "9000",
  lock_timeout: "5000",
  idle_in_transaction_session_timeout: "5000",
  plan_cache_mode: "force_generic_plan",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  jit: "off",
} as const;

const open = marking(settings);

/** What batches are written through. */
export type BatchParts = SettleParts & {
  /** As many as there are batches under way at once. */
  readonly sessions: readonly Session[];
  readonly memory: Pick<Memory, "versionOf" | "changed">;
  readonly fence: Pick<Fence, "node" | "broke">;
};

/** Writes a batch in one durable transaction. */
export type WriteBatch = (request: CommitRequest) => Promise<Committed>;

type Steps = readonly { readonly commands: readonly Command[] }[];
type Batch = { readonly conditions: Conditions; readonly steps: Steps; readonly returns: boolean };

/** Commands before the steps: those that open the transaction, and its guard. */
const stepsAt = markCommandsCount + 1;

const toResults = (steps: Steps, results: readonly CommandResult[]): readonly OperationResult[] => {
  let used = stepsAt;
  return steps.map(({ commands }) => {
    const own = results.slice(used, used + commands.length);
    used += commands.length;
    return { rows: own.flatMap(({ rows }) => rows), changes: own.reduce((sum, { changes }) => sum + changes, 0) };
  });
};

type Attempt =
  | { readonly kind: "written"; readonly results: readonly OperationResult[] }
  | { readonly kind: "outdated" }
  /** Nothing was written, for a reason that may be over. */
  | { readonly kind: "unwritten"; readonly error: unknown };

const attemptOf = (outcome: Outcome, { steps }: Batch, results: readonly CommandResult[]): Attempt =>
  outcome === "committed"
    ? { kind: "written", results: toResults(steps, results) }
    : { kind: "unwritten", error: unwritten() };

/** The locks of the mark and of the guard are no rows: they are of the store as a whole. */
const heldBy = ({ steps }: Batch, cause: unknown): HeldError | null => {
  const at = heldAt(cause) ?? 0;
  let next = stepsAt;
  const operation = at < stepsAt ? -1 : steps.findIndex(({ commands }) => (next += commands.length) > at);
  return operation < 0 ? null : new HeldError(operation, toStoreError(cause).message, { cause });
};

/** What came of a batch that the server did not write, or of which no answer came. */
const attemptAfter = async (
  parts: BatchParts,
  session: Session,
  batch: Batch,
  { error, mark }: { readonly error: unknown; readonly mark: Mark | null },
): Promise<Attempt> => {
  const { node } = batch.conditions;
  if (isInterrupted(error)) {
    // The commit was not sent yet, or not even the rest.
    if (batch.returns || mark === null) return { kind: "unwritten", error: unwritten(error) };
    return attemptOf(await settle(parts, mark, error), batch, []);
  }
  if (isStale(error)) return { kind: "unwritten", error };
  await rollBack(session, session.generation);
  const objection = readObjection(error);
  if (objection === "fenced" && node !== null) parts.fence.broke(node);
  if (objection !== null) return { kind: "outdated" };
  if (isRepeatable(error)) return { kind: "unwritten", error };
  throw heldBy(batch, error) ?? error;
};

/** In one round trip; in two when rows come back, which must be known before the commit: they would be lost with its answer. */
const writeOnce = async (parts: BatchParts, session: Session, batch: Batch): Promise<Attempt> => {
  const { conditions, steps, returns } = batch;
  if (conditions.routing === null) return { kind: "outdated" };
  const rest = [guardCommand(conditions), ...steps.flatMap(({ commands }) => commands)];
  let mark: Mark | null = null;
  const commandsOf = (own: Mark): readonly Command[] => {
    mark = own;
    return [...open(own, guardLocks(conditions)), ...rest, ...(returns ? [] : [commitCommand])];
  };
  let results: readonly CommandResult[];
  try {
    results = await session.run(commandsOf);
  } catch (error) {
    return attemptAfter(parts, session, batch, { error, mark });
  }
  const outcome = returns && mark !== null ? await commit({ ...parts, session }, mark) : outcomeOf(results.at(-1));
  return attemptOf(outcome, batch, results);
};

const writeSoon = async (parts: BatchParts, session: Session, batch: Batch): Promise<Committed> => {
  const { routing, grows } = batch.conditions;
  const applied = (): void => {
    if (grows && typeof routing === "number") parts.memory.changed("routing", routing + 1);
  };
  for (let tries = 1; ; tries += 1) {
    const attempt = await writeOnce(parts, session, batch);
    if (attempt.kind === "written") return { ...attempt, applied };
    if (attempt.kind === "outdated") return attempt;
    if (tries >= triesMax) throw attempt.error;
    await wait(parts.clock, againMs * 2 ** (tries - 1));
  }
};

/**
 * Lends sessions. Each belongs to one batch from its first try to its last, also while that waits to be tried again: another
 * one between its statements and its commit would be part of its transaction.
 */
const createPool = (sessions: readonly Session[]) => {
  // The one that was used last: it is open.
  const free = sessions.toReversed();
  return async <T>(use: (session: Session) => Promise<T>): Promise<T> => {
    const session = free.pop();
    if (session === undefined) throw new StoreError("misuse", "more batches are under way than there are sessions");
    try {
      return await use(session);
    } finally {
      free.push(session);
    }
  };
};

/**
 * Writes batches on connections of their own, several at once. What only adds rows need not wait for the commits before it;
 * their answers come in the order in which they were begun all the same.
 */
export const createBatches = (parts: BatchParts): WriteBatch => {
  const compile = createCompiler();
  const withSession = createPool(parts.sessions);
  let before: Promise<unknown> = Promise.resolve();
  return async ({ operations, isExclusive, changes }) => {
    // As they are in the turn in which the batch was drafted.
    const conditions: Conditions = {
      routing: parts.memory.versionOf("routing"),
      grows: changes !== undefined,
      node: parts.fence.node,
    };
    const steps = operations.map((operation) => ({ commands: compile(operation) }));
    const returns = operations.some(({ statement }) => statement.kind === "raw" && statement.returns);
    const earlier = before;
    const write = async (): Promise<Committed> => {
      if (isExclusive) await earlier;
      return withSession((session) => writeSoon(parts, session, { conditions, steps, returns }));
    };
    const mine = write();
    before = Promise.allSettled([earlier, mine]);
    await before;
    return mine;
  };
};
