import type { Store } from "../db/store.ts";
import { hasEvents } from "../events/retention.ts";
import type { Clock, Timer } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import { housekeepingId } from "../queue/bucket.ts";
import { type Ownership, ownsAll } from "../queue/ownership.ts";
import { hasReplays } from "../replay/retention.ts";
import { expireSecrets } from "../routing/expire-secrets.ts";
import { purge } from "../routing/purge.ts";
import type { RoutingTable } from "../routing/table.ts";
import { expireKeys } from "./expire-keys.ts";
import { expireReplays } from "./expire-replays.ts";
import { expireSources } from "./expire-sources.ts";
import { expireEvents } from "./expire.ts";
import { purgeSources } from "./purge-sources.ts";
import { reclaimSpace } from "./reclaim.ts";
import { createTally, type Removed } from "./removed.ts";
import { beginRun, type Run } from "./run.ts";
import { createSteadyClock } from "./steady-clock.ts";
import { createSweeper } from "./sweep.ts";

/** What housekeeping needs. */
export type HousekeepingParts = {
  readonly store: Pick<Store, "list" | "lookup" | "write" | "writeBeside" | "reclaim" | "size">;
  readonly clock: Clock;
  readonly table: RoutingTable;
  readonly observer: Pick<Observer, "deliveryEnded" | "faulted" | "retentionRan">;
  /** The latest time that the store told of before this process added to it, Unix milliseconds. 0: none. */
  readonly newestAtOpenMs: number;
  /** Whether housekeeping is this process's. Default: it is. */
  readonly ownership?: Pick<Ownership, "standingOf">;
  /** Some of what a lane holds is wanted no more. */
  readonly wake: (destinationId: Id) => void;
};

/** Removes what is not kept any longer, and what deleted things left, in small batches beside live traffic. */
export type Housekeeping = {
  /** Runs every minute from now on. */
  start(): void;
  /** Runs now, or joins the run that is under way. Never rejects: what fails is reported, and tried again next time. */
  runOnce(): Promise<Removed>;
  /** Resolves when no run is under way. No further one starts. */
  stop(): Promise<void>;
  /** Whether an event has waited for so long that what a lane still holds of it is to be ended. From memory. */
  isOverdue(eventId: Id): boolean;
};

/** Waits before the first run, between two, and when one did not get through. */
const waitMs = { first: 10_000, next: 60_000, unfinished: 1_000 } as const;

/** Secrets are looked for in all sources and destinations, while everybody waits: not every minute. */
const secretsEveryMs = 60 * 60 * 1000;

/** A part of the run. Gives whether it got through. */
type Task = { readonly name: string; readonly perform: (run: Run) => Promise<boolean> };

/** Everything that a run does, in order. Each part that fails is reported, and keeps none of the others from its work. */
const tasksOf = (parts: HousekeepingParts & { readonly overdue: Set<Id> }): readonly Task[] => {
  const { store, clock, newestAtOpenMs } = parts;
  const isSteady = createSteadyClock(clock, newestAtOpenMs);
  const sweeper = createSweeper(parts);
  const leftovers = {
    ofSource: async (id: Id) => (await hasEvents(store, id)) || (await hasReplays(store, id)),
    ofDestination: (id: Id) => Promise.resolve(!sweeper.isSwept(id)),
  };
  let secretsAtMs = Number.NEGATIVE_INFINITY;
  return [
    { name: "expire events", perform: async (run) => !isSteady() || expireEvents(parts, run) },
    { name: "expire dedup keys", perform: async (run) => !isSteady() || expireKeys(parts, run) },
    { name: "expire ephemeral sources", perform: async (run) => !isSteady() || expireSources(parts, run) },
    { name: "purge deleted sources", perform: (run) => purgeSources(parts, run) },
    { name: "purge deleted destinations", perform: (run) => sweeper.sweep(run) },
    { name: "expire replays", perform: (run) => expireReplays({ ...parts, isSteady }, run) },
    {
      name: "purge routing",
      perform: async (run) => {
        run.tally.add(await purge(parts, leftovers));
        return true;
      },
    },
    {
      name: "expire secrets",
      perform: async (run) => {
        if (!isSteady() || clock.monotonicMs() - secretsAtMs < secretsEveryMs) return true;
        run.tally.add({ secrets: await expireSecrets(parts) });
        secretsAtMs = clock.monotonicMs();
        return true;
      },
    },
    { name: "reclaim space", perform: (run) => reclaimSpace(parts, run) },
  ];
};

/** Makes the housekeeping of one process. */
export const createHousekeeping = (parts: HousekeepingParts): Housekeeping => {
  const { clock, observer, ownership = ownsAll } = parts;
  const isOurs = (): boolean => ownership.standingOf(housekeepingId) === "ours";
  const overdue = new Set<Id>();
  const tasks = tasksOf({ ...parts, overdue });
  let isStopped = false;
  let timer: Timer | null = null;
  let underWay: Promise<{ removed: Removed; isDone: boolean }> | null = null;

  const perform = async (): Promise<{ removed: Removed; isDone: boolean }> => {
    const startedMs = clock.monotonicMs();
    const tally = createTally();
    let isDone = true;
    for (const { name, perform: performTask } of tasks) {
      if (isStopped || !isOurs()) break;
      try {
        isDone = (await performTask(beginRun({ clock, tally, isStopped: () => isStopped || !isOurs() }))) && isDone;
      } catch (error) {
        observer.faulted({ task: name, error });
      }
    }
    const removed = tally.total();
    observer.retentionRan({ removed, durationMs: clock.monotonicMs() - startedMs });
    return { removed, isDone };
  };
  const runNow = (): Promise<{ removed: Removed; isDone: boolean }> => {
    underWay ??= perform().finally(() => {
      underWay = null;
    });
    return underWay;
  };
  const schedule = (delayMs: number): void => {
    if (isStopped) return;
    timer = clock.after(delayMs, () => {
      if (!isOurs()) {
        schedule(waitMs.next);
        return;
      }
      void runNow().then(({ isDone }) => schedule(isDone ? waitMs.next : waitMs.unfinished));
    });
  };

  return {
    start: () => schedule(waitMs.first),
    runOnce: async () => (await runNow()).removed,
    stop: async () => {
      isStopped = true;
      timer?.cancel();
      await underWay;
    },
    isOverdue: (eventId) => overdue.has(eventId),
  };
};
