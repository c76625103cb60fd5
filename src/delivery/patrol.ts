import type { Store } from "../db/store.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import type { Ownership } from "../queue/ownership.ts";
import { dueTimes } from "../queue/read.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { Lanes } from "./lanes.ts";

/** How often a process looks at what the others did and nobody called out: an idle one asks for less than two things a second. */
const everyMs = 2_000;

/** Destinations that one round looks at. */
const lookedAtMax = 1_000;

/** What a patrol needs. */
export type PatrolParts = {
  readonly store: Pick<Store, "lookup" | "cluster">;
  readonly clock: Pick<Clock, "after">;
  readonly table: Pick<RoutingTable, "destinations">;
  readonly ownership: Pick<Ownership, "standingOf">;
  readonly lanes: Pick<Lanes, "noteDue">;
  readonly observer: Pick<Observer, "faulted">;
};

/** Looks around, from `start` on, until `stop` has resolved. */
export type Patrol = { start(): void; stop(): Promise<void> };

/**
 * Finds what other processes stored for our destinations and did not call out, or called when nobody heard: the due times of a
 * thousand destinations every two seconds, in turn. What they changed of the routing is found by the store.
 */
export const createPatrol = (parts: PatrolParts): Patrol => {
  const { store, clock, table, ownership, lanes, observer } = parts;
  const state = { isStopped: false, isFailing: false };
  let timer: Timer | null = null;
  let round: Promise<void> = Promise.resolve();
  let after: Id = "";

  /** The next destinations of ours, in the order of ids. */
  const nextOnes = (): readonly Id[] => {
    const ours = [...table.destinations()].flatMap(({ destination: { id } }) =>
      ownership.standingOf(id) === "ours" ? [id] : [],
    );
    if (ours.length <= lookedAtMax) return ours;
    const sorted = ours.toSorted();
    const at = sorted.findIndex((id) => id > after);
    const chosen = [...sorted.slice(Math.max(at, 0)), ...sorted].slice(0, lookedAtMax);
    after = chosen.at(-1) ?? "";
    return chosen;
  };
  const look = async (): Promise<void> => {
    for (const [id, atMs] of await dueTimes(store, nextOnes())) lanes.noteDue(id, atMs);
  };
  const lookSafely = async (): Promise<void> => {
    try {
      await look();
      state.isFailing = false;
    } catch (error) {
      // Once for an outage: it is told by whatever else fails.
      if (!state.isFailing) observer.faulted({ task: "look at what other nodes did", error });
      state.isFailing = true;
    }
  };
  const schedule = (): void => {
    if (state.isStopped) return;
    timer = clock.after(everyMs, () => {
      round = lookSafely().then(schedule);
    });
  };
  return {
    start: schedule,
    stop: async () => {
      state.isStopped = true;
      timer?.cancel();
      await round;
    },
  };
};
