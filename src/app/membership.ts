import { hostname } from "node:os";

import type { Config } from "../config.ts";
import type { DeliveryEngine } from "../delivery/engine.ts";
import { createPatrol } from "../delivery/patrol.ts";
import { systemClock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import { Membership, type Members } from "../queue/membership.ts";
import type { Replays } from "../replay/replays.ts";
import type { Core } from "./core.ts";
import { version } from "./version.ts";

/** The part that this process has among others on the same database. Null: an embedded store has no others. */
export const openMembership = (
  { store, ids, observer }: Pick<Core, "store" | "ids" | "observer">,
  { role, secretsKeys }: Pick<Config, "role" | "secretsKeys">,
): Membership | null => {
  const { cluster } = store;
  if (cluster === null) return null;
  return new Membership({
    cluster,
    fence: (node, onFenced) => store.fence(node, onFenced),
    // Not a test's: the others have theirs.
    clock: systemClock,
    ids,
    observer,
    node: {
      name: `${hostname()}:${process.pid}`,
      role,
      version,
      keyIds: (secretsKeys ?? []).map(({ id }) => id),
    },
  });
};

/** What becoming or ceasing to be an owner means for the rooms. */
const membersOf = (
  {
    store,
    table,
    dueTime,
    observer,
    followDatabase,
  }: Pick<Core, "store" | "table" | "dueTime" | "observer" | "followDatabase">,
  {
    delivery,
    replays,
  }: { readonly delivery: DeliveryEngine; readonly replays: Pick<Replays, "wake" | "busy" | "knows"> },
): Members => {
  const faulted = (task: string) => (error: unknown) => observer.faulted({ task, error });
  return {
    takeUp: async (isTaken) => {
      // Destinations that others made are to be known before theirs is taken up.
      await store.freshen();
      await delivery.takeUp(isTaken);
    },
    busy: () => [...delivery.busy(), ...replays.busy()],
    changed: () => {
      delivery.lanes.wakeAll();
      replays.wake();
    },
    called: (id: Id) => {
      const note = (): void => delivery.lanes.noteDue(id, dueTime.nowMs());
      if (table.destination(id) !== undefined) note();
      else store.freshen().then(note, faulted("look at what other nodes did"));
    },
    // A bulk replay was cancelled: nobody sends any more of it.
    heard: (id) => {
      if (replays.knows(id)) store.freshen().catch(faulted("look at what other nodes did"));
    },
    timed: followDatabase,
  };
};

/** The part of a process in delivering: all of it, or that which others leave to it. */
export type Part = {
  start(): Promise<void>;
  /** Takes nothing more, and gives up what is quiet, while attempts under way end. */
  retire(): Promise<void>;
  /** Gives up the rest. */
  stop(): Promise<void>;
};

const nothing = (): Promise<void> => Promise.resolve();

/** Makes it. Without a membership it is all of it. */
export const createPart = (
  core: Core,
  rooms: { readonly membership: Membership | null; readonly delivery: DeliveryEngine; readonly replays: Replays },
): Part => {
  const { membership, delivery } = rooms;
  const alone: Part = { start: () => delivery.takeUp(), retire: nothing, stop: nothing };
  if (membership === null) return alone;
  const { store, table, observer } = core;
  const { lanes } = delivery;
  const patrol = createPatrol({ store, clock: systemClock, table, ownership: membership, lanes, observer });
  return {
    start: async () => {
      await membership.start(membersOf(core, rooms));
      patrol.start();
    },
    retire: () => {
      membership.retire();
      return patrol.stop();
    },
    stop: () => membership.stop(),
  };
};
