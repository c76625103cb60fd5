import { type Clock, wait } from "../../lib/clock.ts";
import { isInterrupted, StoreError } from "../store-error.ts";
import { askTwice } from "./_ask-twice.ts";
import { plain } from "./_command.ts";
import { sqlStateOf } from "./_failure.ts";
import { endHolderCommand, type Mark, readTakenBack, takeBackCommands } from "./_mark.ts";
import type { CommandResult } from "./_round.ts";
import type { Session } from "./session.ts";

/** What commits go through. */
export type SettleParts = {
  /** Asked when an answer was lost. */
  readonly beside: Session;
  readonly clock: Pick<Clock, "after">;
};

/** What became of a transaction whose answer was lost. */
export type Outcome = "committed" | "aborted";

/** Takes a transaction back. A connection that is gone has done so by itself. */
export const rollBack = async (session: Session, generation: number): Promise<void> => {
  await session.run([plain("rollback")], generation).catch(() => null);
};

const lookEveryMs = 50;
const looksMax = 20;

const lockNotAvailable = "55P03";

/**
 * Finds out whether a transaction was committed, and sees to it that it never will be when it was not.
 * @throws {StoreError} when the server cannot be asked.
 */
const find = async ({ beside, clock }: SettleParts, mark: Mark): Promise<Outcome | null> => {
  for (let look = 1; ; look += 1) {
    try {
      const found = await askTwice(beside, takeBackCommands(mark));
      return readTakenBack(found.at(-1)?.rows[0]?.["number"]);
    } catch (error) {
      if (look >= looksMax || sqlStateOf(error) !== lockNotAvailable) throw error;
    }
    await askTwice(beside, [endHolderCommand(mark)]);
    await wait(clock, lookEveryMs);
  }
};

/**
 * What became of a transaction whose answer was lost: of one that was not written, nothing ever will be.
 * @throws `lost`, when nobody can tell.
 */
export const settle = async (parts: SettleParts, mark: Mark, lost: unknown): Promise<Outcome> => {
  const outcome = await find(parts, mark).catch(() => null);
  if (outcome === null) throw lost;
  return outcome;
};

/**
 * Ends a transaction in a round trip of its own.
 * @throws {StoreError} `interrupted` when nobody can tell what became of it.
 */
export const commit = async (parts: SettleParts & { readonly session: Session }, mark: Mark): Promise<Outcome> => {
  const { session } = parts;
  let done: CommandResult | undefined;
  try {
    [done] = await session.run([commitCommand], mark.generation);
  } catch (error) {
    if (!isInterrupted(error)) throw error;
    return settle(parts, mark, error);
  }
  return outcomeOf(done);
};

/** Reads the answer to `commitCommand`: of a transaction that had failed, the server says that it was rolled back. */
export const outcomeOf = (done: CommandResult | undefined): "committed" => {
  if (done?.tag === "COMMIT") return "committed";
  throw new StoreError("misuse", "a statement of the transaction had failed, so that nothing of it was written");
};

/** Ends a transaction, at the end of what it does. */
export const commitCommand: ReturnType<typeof plain> = plain("commit");

/** Of a transaction that was not written because its connection broke: nothing is in doubt. */
export const unwritten = (cause?: unknown): StoreError =>
  new StoreError("unavailable", "the connection to PostgreSQL broke, and nothing was written", { cause });
