import type { EventScope } from "../events/event.ts";
import type { EventSelection } from "../events/scan.ts";
import type { Id } from "../lib/ids.ts";

/** Who owns what is asked for. Every query takes both. */
export type ReplayScope = EventScope;

/**
 * Where a bulk replay stands.
 *
 * - `running`: until every delivery that it made has ended.
 * - `failed`: its events could not be read or written, again and again; what it made by then goes on.
 */
export type ReplayStatus = "running" | "completed" | "cancelled" | "failed";

/** Which events a bulk replay takes, and where to. */
export type ReplayFilter = EventSelection & {
  /** Absent: enabled destinations whose filter lets the event pass when its turn comes. */
  readonly destinationIds?: readonly Id[];
};

/**
 * What bulk replays left to the one that goes on with them: deliveries that were cancelled with them, all of events up to
 * `through`. Each goes along its connection, unless something newer has gone there.
 */
export type Leftovers = { readonly replayIds: readonly Id[]; readonly through: Id };

/** One road that a bulk replay takes, from several sources to one destination. What fails on it is not tried again. */
export type Road = {
  readonly destinationId: Id;
  /** Null: along every connection from these sources. */
  readonly connectionId: Id | null;
  readonly sourceIds: readonly Id[];
};

/** A bulk replay, and how far it has come. */
export type Replay = ReplayScope & {
  readonly id: Id;
  /** Whose it is: a source, or, with a road, its destination. */
  readonly sourceId: Id;
  /** Null: from its source to wherever its filter says. */
  readonly road: Road | null;
  readonly status: ReplayStatus;
  readonly filter: ReplayFilter;
  /** Events per second, to each destination. Null: as fast as its destinations take them. */
  readonly ratePerSecond: number | null;
  /**
   * Events that it found when it was made: by its filter, and left by those that it goes on with. Of a source with more than `lookedAtMax` events a lower bound, which
   * grows once the replay has come further.
   */
  readonly total: number;
  /** Events of which deliveries were made. */
  readonly queued: number;
  /** Events that went nowhere: no destination takes them now, or they have no valid signature. */
  readonly skipped: number;
  /** Deliveries that ended. */
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** The one that was cut off and that this goes on with, and the one that goes on with this. Null: there is none. */
  readonly resumes: Id | null;
  readonly resumedBy: Id | null;
  readonly createdAtMs: number;
  /** Null while it runs. */
  readonly endedAtMs: number | null;
};
