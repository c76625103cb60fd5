import type { Account, FaultContext } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import type { Promises } from "../promises.ts";
import type { Receiver } from "../receiver.ts";
import type { Seed } from "./seed.ts";

/** Where replays are put to the test: one process on its own store, or several on a database. */
export type Ground = {
  /** Takes events, and is asked for replays. */
  readonly gateway: Gateway;
  readonly receiver: Receiver;
  /** Who is told to cancel a replay: where there are several, one that does not work on it. */
  cancellerOf(replayId: string): Promise<Gateway>;
  /** How long others may take to hear of it. */
  readonly heardMsMax: number;
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

/** How much of it. */
export type Course = {
  readonly events: number;
  readonly ratePerSecond: number;
  /** Of processes, during the second replay of everything. */
  readonly kills: number;
};

/** What every part of the course is given. */
export type Setting = {
  readonly context: FaultContext;
  readonly ground: Ground;
  readonly course: Course;
  readonly seeded: Seed;
  readonly promises: Promises;
};

/** Slots of a destination. Replays have half of them. */
export const slots: number = 64;
