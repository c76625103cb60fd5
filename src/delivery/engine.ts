import type { Store } from "../db/store.ts";
import { createStoredReader } from "../events/reader.ts";
import { type Clock, wait } from "../lib/clock.ts";
import type { ForwardTime } from "../lib/forward-time.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { Observer } from "../observe/observe.ts";
import type { Send } from "../outbound/send.ts";
import type { Delivery } from "../queue/delivery.ts";
import { type Ownership, ownsAll } from "../queue/ownership.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { Transform } from "../transforms/transform.ts";
import { type Cancellation, type Canceller, createCanceller } from "./canceller.ts";
import { createClaimer } from "./claimer.ts";
import { Lanes } from "./lanes.ts";
import { Recorder } from "./recorder.ts";
import { createRecovery } from "./recovery.ts";
import { createReleaser, type Releaser } from "./releaser.ts";
import { ReplayRates, type ReplayRatesParts, withoutRates } from "./replay-rates.ts";
import type { SenderNames } from "./request-parts.ts";
import { createRevocation } from "./revocation.ts";
import { createSuspects } from "./suspects.ts";
import { takeUp } from "./take-up.ts";
import { createWorker } from "./worker.ts";

/** What delivery needs. */
export type DeliveryParts = {
  readonly store: Pick<Store, "line" | "lookup" | "list" | "write" | "settled" | "onInterrupted" | "cluster">;
  readonly clock: Clock;
  /** What deliveries are due by. */
  readonly dueTime: ForwardTime;
  readonly ids: Ids;
  readonly random: Pick<Random, "fraction">;
  readonly table: RoutingTable;
  readonly send: Send;
  readonly names: SenderNames;
  /** Runs the expressions of connections. */
  readonly transform: Transform;
  readonly observer: Observer;
  /** Whether a bulk replay was cancelled. Default: none was. */
  readonly isReplayCancelled?: (replayId: Id) => boolean;
  /** Whether what fails of a bulk replay is not tried again. Default: it is. */
  readonly isReplayedOnce?: (replayId: Id) => boolean;
  /** What is known of bulk replays' rates. Default: none has one. */
  readonly replayRates?: Pick<ReplayRatesParts, "rateOf" | "learn">;
  /** Whether an event has waited for so long that what it still waits for is ended. Default: none has. */
  readonly isOverdue?: (eventId: Id) => boolean;
  /** Which destinations this process sends to. Default: to all. */
  readonly ownership?: Ownership;
};

/** Delivery as the rest of the gateway sees it. */
export type DeliveryEngine = {
  /** What ingest, replay and management tell the lanes, and what metrics ask them. */
  readonly lanes: Omit<Lanes, "claimed" | "stop">;
  /** Takes up what an earlier process left: of all destinations, or of some that are to be ours. */
  takeUp(isTaken?: (destinationId: Id) => boolean): Promise<void>;
  /** Destinations for which something is under way: waiting, being sent, or with an outcome that is not on disk. */
  busy(): ReadonlySet<Id>;
  /** Ends what nobody wants any more; resolves when none of it will start again. */
  cancel(cancellation: Cancellation): Promise<void>;
  /** Starts nothing new, gives attempts under way `graceMs` to end, and gives everything else back to the store. */
  stop(graceMs: number): Promise<void>;
};

/** What stops with delivery. */
type Stopped = Pick<DeliveryParts, "store" | "clock"> & {
  readonly lanes: Lanes;
  readonly underWay: ReadonlyMap<Promise<unknown>, Delivery>;
  readonly abort: AbortController;
  readonly recorder: Recorder;
  readonly canceller: Canceller;
  readonly releaser: Releaser;
};

const stop = async (parts: Stopped, graceMs: number): Promise<void> => {
  const { store, clock, lanes, underWay, abort, recorder, canceller, releaser } = parts;
  const left = [...lanes.stop()];
  await Promise.race([Promise.all(underWay.keys()), wait(clock, graceMs)]);
  abort.abort();
  recorder.giveUp();
  await Promise.all(underWay.keys());
  await canceller.stop();
  await store.settled();
  // What was being claimed when the lanes stopped has come in by now.
  const all = [...left, ...lanes.stop()];
  releaser.giveUp();
  await Promise.allSettled(all.map(({ delivery }) => releaser.giveBack(delivery)));
  await store.settled();
};

const openRates = (
  { replayRates }: Pick<DeliveryParts, "replayRates">,
  ownership: Ownership,
  onLearnt: () => void,
): ReplayRates => {
  if (replayRates === undefined) return withoutRates();
  const changedAtMs = (destinationId: Id): number | null => ownership.changedAtMs(destinationId);
  return new ReplayRates({ ...replayRates, changedAtMs, onLearnt });
};

/** The delivery engine. Its lines into the group commit come before those of ingest, which must be opened later. */
export const createDelivery = (parts: DeliveryParts): DeliveryEngine => {
  const { store, clock, table, observer } = parts;
  const abort = new AbortController();
  const canceller = createCanceller({ store, clock, observer });
  const underWay = new Map<Promise<unknown>, Delivery>();
  const revocation = createRevocation({ isReplayCancelled: () => false, isOverdue: () => false, ...parts });
  const { ownership = ownsAll } = parts;
  const noteDue = (destinationId: Id, atMs: number): void => lanes.noteDue(destinationId, atMs);

  const recorder = new Recorder({
    isReplayedOnce: () => false,
    ...parts,
    ownership,
    onDue: noteDue,
    onDisabled: ({ id, enabling }) => {
      lanes.wake(id);
      canceller.cancelBehind({ destinationId: id, enablingBelow: enabling, reason: "destination_disabled" });
    },
    onCircuit: (destinationId) => lanes.wake(destinationId),
    onRecovered: () => lanes.wakeAll(),
  });
  const suspects = createSuspects(store);
  const readEvent = createStoredReader(store);
  const worker = createWorker({ ...parts, readEvent, recorder, suspects, revocation, signal: abort.signal });
  const claim = createClaimer({ store, ownership }, (wish, claimed) => lanes.claimed(wish, claimed));
  const replayRates = openRates(parts, ownership, () => lanes.wakeAll());
  const releaser = createReleaser({ ...parts, ownership, noteDue });
  const lanes = new Lanes({
    clock,
    dueTime: parts.dueTime,
    table,
    claim,
    ownership,
    replayRates,
    mayStart: () => ownership.isSure() && recorder.mayStart,
    giveBack: ({ delivery }) => void releaser.giveBack(delivery),
    work: (work, destination, progress) => {
      const done = worker(work, destination, progress).finally(() => underWay.delete(done));
      underWay.set(done, work.delivery);
      return done;
    },
    isRevoked: ({ delivery }) => revocation(delivery) !== null,
    cancel: ({ delivery }) => {
      const outcome = revocation(delivery) ?? { kind: "cancelled", reason: "destination_disabled" };
      void recorder.record({ delivery, outcome, attempt: null });
    },
  });
  const inHand = (): Delivery[] => [
    ...lanes.inHand(),
    ...recorder.inHand(),
    ...underWay.values(),
    ...releaser.inHand(),
  ];
  store.onInterrupted(createRecovery({ ...parts, ownership, noteDue, inHand }));
  // Somebody else may have switched a destination on, off, or to another pace.
  table.onReplaced(() => lanes.reviewAll());
  const takeUpParts = { store, table, canceller, lanes, ownership };
  return {
    lanes,
    takeUp: (isTaken = () => true) => takeUp(takeUpParts, isTaken),
    busy: () => new Set([...inHand().map(({ destinationId }) => destinationId), ...lanes.busy()]),
    cancel: async (cancellation) => {
      lanes.wake(cancellation.destinationId);
      await canceller.cancel(cancellation);
    },
    stop: (graceMs) => stop({ store, clock, lanes, underWay, abort, recorder, canceller, releaser }, graceMs),
  };
};
