import { type Clock, wait } from "../../lib/clock.ts";
import { askTwice } from "./_ask-twice.ts";
import { sqlStateOf } from "./_failure.ts";
import { endHolderCommand, type Mark, readTakenBack, takeBackCommands } from "./_mark.ts";
import type { Session } from "./session.ts";

/** What became of a transaction whose answer was lost. */
export type Outcome = "committed" | "aborted";

/** Who is asked, and what waits between two questions. */
export type AskParts = { readonly beside: Session; readonly clock: Pick<Clock, "after"> };

const lookEveryMs = 50;
const looksMax = 20;

const lockNotAvailable = "55P03";

/**
 * Finds out whether a transaction was committed, and sees to it that it never will be when it was not. Null: nobody can tell.
 */
export const findOutcome = async ({ beside, clock }: AskParts, mark: Mark): Promise<Outcome | null> => {
  try {
    for (let look = 1; look <= looksMax; look += 1) {
      const outcome = await takeBack(beside, mark);
      if (outcome !== "held") return outcome;
      await askTwice(beside, [endHolderCommand(mark)]);
      await wait(clock, lookEveryMs);
    }
  } catch {
    // The server cannot be asked, for whatever reason.
  }
  return null;
};

/** `held`: a session still has the transaction. */
const takeBack = async (beside: Session, mark: Mark): Promise<Outcome | "held" | null> => {
  try {
    const found = await askTwice(beside, takeBackCommands(mark));
    return readTakenBack(found.at(-1)?.rows[0]?.["number"]);
  } catch (error) {
    if (sqlStateOf(error) === lockNotAvailable) return "held";
    throw error;
  }
};
