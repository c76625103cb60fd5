import type { Account } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import type { Receiver } from "../receiver.ts";

/** Where replays are put to the test: one process on its own store, or several on a database. */
export type Ground = {
  /** Takes events, and is asked for replays. */
  readonly gateway: Gateway;
  readonly receiver: Receiver;
  /** Who is told to cancel a replay: where there are several, one that does not work on it. */
  cancellerOf(replayId: string): Promise<Gateway>;
  /** When the attempts of a replay began, oldest first, by the clock of whoever made them. */
  sentMs(replayId: string): Promise<readonly number[]>;
  /**
   * `kill -9` of whoever works on a replay, or, every other time, of whoever sends to its destination; then that is started again.
   * Gives the numbers of the events that it had in hand.
   */
  strike(replayId: string, destinationId: string): Promise<ReadonlySet<number>>;
  /** What is not done with. */
  stuck(): Promise<Account["stuck"]>;
};
