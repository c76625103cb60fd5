import { BoundedCache } from "../lib/bounded-cache.ts";
import type { Clock } from "../lib/clock.ts";
import { createTaskProcess, type TaskProcess } from "./_process.ts";
import type { Task } from "./_protocol.ts";
import { OwnerTurns } from "./_turns.ts";
import { processesMax, waitingMax } from "./limits.ts";
import { expressionCharsMax, type Transform, type Transformed } from "./transform.ts";

/** An owner whose last expression took longer than this has one process at most, with all others of its kind. */
const slowMs = 50;

/** Owners that are remembered as slow. */
const slowOwnersMax = 1_000;

/** Why an expression is not known to be one: `failed`, for whoever wrote it, or `unavailable`, which is nobody's mistake. */
export type ExpressionProblem = Exclude<Transformed, { kind: "transformed" }>;

/** Expressions, in processes of their own. */
export type Transformer = {
  readonly transform: Transform;
  /** What is wrong with an expression, or that it cannot be told now; null when it can be read. */
  check(owner: string, expression: string): Promise<ExpressionProblem | null>;
  /** Runs nothing more. What waits and what runs is `unavailable`. */
  close(): Promise<void>;
};

type Job = { readonly task: Task; readonly resolve: (result: Transformed) => void };

/**
 * Starts processes when they are needed. Nothing that an expression does is felt beside them, except by what waits for its turn.
 * Its limits are of real time: the clock is the machine's, whatever others go by.
 */
export const createTransformer = (clock: Pick<Clock, "after" | "monotonicMs">): Transformer => {
  const idle: TaskProcess[] = Array.from({ length: processesMax }, () => createTaskProcess(clock));
  const all = [...idle];
  const waiting = new OwnerTurns<Job>();
  const slow = new BoundedCache<string, true>(slowOwnersMax);
  let slowRunning = 0;
  let isClosed = false;

  const isSlow = (owner: string): boolean => slow.get(owner) === true;
  const run = async (process: TaskProcess, owner: string, { task, resolve }: Job): Promise<void> => {
    const wasSlow = isSlow(owner);
    if (wasSlow) slowRunning += 1;
    const { answer, ranMs } = await process.run(task);
    if (wasSlow) slowRunning -= 1;
    if (ranMs > slowMs) slow.set(owner, true);
    else slow.delete(owner);
    resolve(isClosed ? { kind: "unavailable", message: "the gateway stops" } : answer);
    idle.push(process);
    pump();
  };
  const pump = (): void => {
    while (idle.length > 0) {
      const next = waiting.take((owner) => slowRunning < processesMax - 1 || !isSlow(owner));
      const process = next === undefined ? undefined : idle.pop();
      if (next === undefined || process === undefined) return;
      void run(process, next.owner, next.item);
    }
  };
  const enqueue = (owner: string, task: Task): Promise<Transformed> => {
    if (isClosed) return Promise.resolve({ kind: "unavailable", message: "the gateway stops" });
    if (waiting.size >= waitingMax.all || waiting.sizeOf(owner) >= waitingMax.each) {
      return Promise.resolve({ kind: "unavailable", message: "too many transforms wait for their turn" });
    }
    const { promise, resolve } = Promise.withResolvers<Transformed>();
    waiting.add(owner, { task, resolve });
    pump();
    return promise;
  };
  return {
    transform: (owner, expression, input) => enqueue(owner, { owner, expression, input }),
    check: async (owner, expression) => {
      if (expression.length > expressionCharsMax) {
        return { kind: "failed", error: `must have at most ${expressionCharsMax} characters` };
      }
      const checked = await enqueue(owner, { owner, expression, input: null });
      return checked.kind === "transformed" ? null : checked;
    },
    close: async () => {
      isClosed = true;
      for (const { resolve } of waiting.clear()) resolve({ kind: "unavailable", message: "the gateway stops" });
      await Promise.all(all.map((process) => process.close()));
    },
  };
};
