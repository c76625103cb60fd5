import { isInterrupted } from "../store-error.ts";
import { isStale } from "./_failure.ts";
import type { CommandResult } from "./_round.ts";
import type { Commands, Session } from "./session.ts";

/**
 * Asks what does no harm when it is asked twice: a connection that had gone while nobody used it is opened again, and nobody
 * notices.
 */
export const askTwice = async (session: Session, commands: Commands): Promise<readonly CommandResult[]> => {
  try {
    return await session.run(commands);
  } catch (error) {
    if (!isInterrupted(error) && !isStale(error)) throw error;
    return session.run(commands);
  }
};
