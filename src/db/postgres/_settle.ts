import { isInterrupted, StoreError } from "../store-error.ts";
import { plain } from "./_command.ts";
import type { Doubts } from "./_doubts.ts";
import type { Mark } from "./_mark.ts";
import { type AskParts, findOutcome, type Outcome } from "./_outcome.ts";
import type { CommandResult } from "./_round.ts";
import type { Session } from "./session.ts";

/** What commits go through: who is asked when an answer was lost, and who goes on asking. */
export type SettleParts = AskParts & { readonly doubts: Pick<Doubts, "add"> };

/** Takes a transaction back. A connection that is gone has done so by itself. */
export const rollBack = async (session: Session, generation: number): Promise<void> => {
  await session.run([plain("rollback")], generation).catch(() => null);
};

/**
 * What became of a transaction whose answer was lost: of one that was not written, nothing ever will be.
 * @throws `lost`, when nobody can tell.
 */
export const settle = async (parts: SettleParts, mark: Mark, lost: unknown): Promise<Outcome> => {
  const outcome = await findOutcome(parts, mark);
  if (outcome !== null) return outcome;
  parts.doubts.add(mark);
  throw lost;
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
