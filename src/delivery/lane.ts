import type { Timer } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import { RateWindow } from "./rate.ts";
import type { Work } from "./work.ts";

/** Deliveries that one lane holds in memory, waiting. What comes after stays in the store. */
export const windowMax: number = 1000;

/** Bytes that one lane's waiting and running deliveries keep. */
export const laneBytesMax: number = 4 * 1024 * 1024;

/** The state of one destination's lane. Changed only by `Lanes`. */
export type Lane = {
  readonly destinationId: Id;
  /** Claimed, in order. */
  readonly waiting: Work[];
  /** Attempts under way. An ordered lane counts until the outcome is on disk. */
  running: number;
  /** Places promised to deliveries whose commit is under way, and the bytes of all that is held. */
  reserved: number;
  heldBytes: number;
  /** When the first of its deliveries in the store falls due. Null: none is there. */
  nextDueAtMs: number | null;
  claiming: boolean;
  timer: Timer | null;
  readonly rate: RateWindow;
};

/** A lane with nothing in it. */
export const newLane = (destinationId: Id): Lane => ({
  destinationId,
  waiting: [],
  running: 0,
  reserved: 0,
  heldBytes: 0,
  nextDueAtMs: null,
  claiming: false,
  timer: null,
  rate: new RateWindow(),
});

/** Whether something in the store should go out before anything that arrives now. */
export const hasBacklog = (lane: Lane, nowMs: number): boolean =>
  lane.claiming || (lane.nextDueAtMs !== null && lane.nextDueAtMs <= nowMs);

/** Whether nothing would be lost by forgetting the lane. */
export const isForgettable = (lane: Lane): boolean =>
  lane.running === 0 && lane.reserved === 0 && lane.waiting.length === 0 && lane.nextDueAtMs === null && !lane.claiming;
