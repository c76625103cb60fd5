import type { Store } from "../db/store.ts";
import type { Clock } from "../lib/clock.ts";
import type { ForwardTime } from "../lib/forward-time.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import { type Ownership, ownsAll } from "../queue/ownership.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { Tolerances } from "../routing/verify.ts";
import { cancelReplay } from "./end-replay.ts";
import { countsMax, lookedAtMax } from "./limits.ts";
import { getReplay, getRoad, listReplays, type ReplayKey } from "./read-replays.ts";
import { type ReplayOutcome, replayOne, type ReplayWish } from "./replay-one.ts";
import type { Replay, ReplayFilter, ReplayScope } from "./replay.ts";
import { type ResumeOutcome, resumeReplay, type ResumeWish } from "./resume-replay.ts";
import { Runner } from "./runner.ts";
import { createRuns } from "./runs.ts";
import { type BulkOutcome, type BulkWish, planReplay, type ReplayPlan, startReplay } from "./start-replay.ts";
import { type RoadOutcome, type RoadWish, startRoad } from "./start-road.ts";
import { createTurns } from "./turns.ts";

/** What replays need. */
export type ReplaysParts = {
  readonly store: Pick<Store, "line" | "list" | "lookup" | "write" | "keep" | "freshen">;
  readonly clock: Clock;
  /** What deliveries are due by. */
  readonly dueTime: ForwardTime;
  readonly ids: Ids;
  readonly table: RoutingTable;
  readonly tolerances: Tolerances;
  readonly observer: Pick<Observer, "deliveryEnded" | "faulted" | "replayEnded">;
  /** What replays tell the lanes: that the store holds a delivery that is due then, and that some are wanted no more. */
  /** Which bulk replays this process works on. Default: all. */
  readonly ownership?: Pick<Ownership, "standingOf" | "call">;
  readonly lanes: {
    noteDue(destinationId: Id, atMs: number): void;
    wake(destinationId: Id): void;
  };
};

/** Sends stored events again: one by hand, or all of a filter beside live traffic. */
export type Replays = {
  replayOne(scope: ReplayScope, wish: ReplayWish): Promise<ReplayOutcome>;
  /** Finds out what a bulk replay would take. */
  plan(scope: ReplayScope, sourceId: Id, filter: ReplayFilter): Promise<ReplayPlan>;
  /** Makes a bulk replay, which runs from then on. */
  start(scope: ReplayScope, sourceId: Id, wish: BulkWish): Promise<BulkOutcome>;
  /** Newest first. */
  list(scope: ReplayScope, sourceId: Id): Promise<readonly Replay[]>;
  /** Null: the owner has none of that id at that source. */
  get(scope: ReplayScope, key: ReplayKey): Promise<Replay | null>;
  /** Ends what is not sent yet. One that has ended stays as it is. */
  cancel(scope: ReplayScope, key: ReplayKey): Promise<Replay | null>;
  /** Makes a bulk replay that goes on where one was cut off. */
  resume(scope: ReplayScope, wish: ResumeWish): Promise<ResumeOutcome>;
  /** Whether nothing more of a bulk replay is to be sent. From memory. */
  isCancelled(replayId: Id): boolean;
  /** Whether what fails of a bulk replay is not tried again. From memory. */
  isOnce(replayId: Id): boolean;
  /** Events per second of a bulk replay. Null: it has no rate, or is done with. Undefined: not known here. From memory. */
  rateOf(replayId: Id): number | null | undefined;
  /** Finds out about a bulk replay that somebody else made a moment ago. */
  learn(replayId: Id): Promise<void>;
  /** Whether a bulk replay is not done with, as far as is known here. */
  knows(replayId: Id): boolean;
  /** Makes a bulk replay along a road, which runs from then on. */
  startRoad(scope: ReplayScope, wish: RoadWish): Promise<RoadOutcome>;
  /** One that takes a road; null when the owner has none of that id. */
  getRoad(scope: ReplayScope, replayId: Id): Promise<Replay | null>;
  /** Reads what an earlier process left, and follows what others start and cancel. Comes before deliveries start: they ask `isCancelled`. */
  load(): Promise<void>;
  /** Works on bulk replays from now on. Comes after deliveries have started. */
  begin(): void;
  /** Looks again at which bulk replays are this process's to work on. */
  wake(): void;
  /** The bulk replays that something is under way of. */
  busy(): readonly Id[];
  /** Begins nothing more. Comes before deliveries stop. */
  stop(): Promise<void>;
};

/** Opens the room. Its line into the group commit comes after those of delivery and ingest. */
export const createReplays = (parts: ReplaysParts): Replays => {
  const { lanes, ownership = ownsAll } = parts;
  const isOurs = (replayId: Id): boolean => ownership.standingOf(replayId) === "ours";
  const run = createRuns({
    ...parts,
    isOurs,
    noteDue: (destinationId, atMs) => lanes.noteDue(destinationId, atMs),
    isCancelled: (replayId) => runner.isCancelled(replayId),
  });
  const runner = new Runner({ ...parts, run, isOurs, wake: (destinationId) => lanes.wake(destinationId) });
  const startParts = { ...parts, onStarted: runner.add.bind(runner), inTurn: createTurns(countsMax), lookedAtMax };
  const onCancelled = (replayId: Id): void => {
    runner.cancel(replayId);
    // Others may work on it, or send what it made.
    ownership.call(replayId);
  };
  const endParts = { ...parts, onCancelled };
  return {
    replayOne: (scope, wish) => replayOne({ ...parts, run }, scope, wish),
    plan: (scope, sourceId, filter) => planReplay(startParts, scope, sourceId, filter),
    start: (scope, sourceId, wish) => startReplay(startParts, scope, sourceId, wish),
    list: (scope, sourceId) => listReplays(parts, scope, sourceId),
    get: (scope, key) => getReplay(parts, scope, key),
    cancel: (scope, key) => cancelReplay(endParts, scope, key),
    resume: (scope, wish) => resumeReplay(startParts, scope, wish),
    isCancelled: (replayId) => runner.isCancelled(replayId),
    isOnce: (replayId) => runner.isOnce(replayId),
    rateOf: (replayId) => runner.rateOf(replayId),
    learn: (replayId) => runner.learn(replayId),
    knows: (replayId) => runner.knows(replayId),
    startRoad: (scope, wish) => startRoad(startParts, scope, wish),
    getRoad: (scope, replayId) => getRoad(parts, scope, replayId),
    load: () => parts.store.keep("replays", (tx) => runner.reload(tx)),
    begin: () => runner.begin(),
    wake: () => runner.wake(),
    busy: () => runner.busy(),
    stop: () => runner.stop(),
  };
};
