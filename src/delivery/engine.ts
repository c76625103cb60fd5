import type { Draft } from "../db/group-commit.ts";
import type { Store } from "../db/store.ts";
import { type Clock, wait } from "../lib/clock.ts";
import type { ForwardTime } from "../lib/forward-time.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Random } from "../lib/random.ts";
import type { Observer } from "../observe/observe.ts";
import type { Send } from "../outbound/send.ts";
import { rescueClaims } from "../queue/claim.ts";
import type { Delivery } from "../queue/delivery.ts";
import { dueTimes } from "../queue/read.ts";
import { releaseClaimsOperation } from "../queue/settle.ts";
import type { RoutingTable } from "../routing/table.ts";
import { type Cancellation, type Canceller, createCanceller } from "./canceller.ts";
import { createClaimer } from "./claimer.ts";
import { slotsOf } from "./lane.ts";
import { Lanes } from "./lanes.ts";
import { Recorder } from "./recorder.ts";
import { createRecovery } from "./recovery.ts";
import type { SenderNames } from "./request.ts";
import { createRevocation } from "./revocation.ts";
import { createSuspects } from "./suspects.ts";
import { createWorker } from "./worker.ts";

/** What delivery needs. */
export type DeliveryParts = {
  readonly store: Pick<Store, "line" | "lookup" | "write" | "settled" | "onInterrupted">;
  readonly clock: Clock;
  /** What deliveries are due by. */
  readonly dueTime: ForwardTime;
  readonly ids: Ids;
  readonly random: Pick<Random, "fraction">;
  readonly table: RoutingTable;
  readonly send: Send;
  readonly names: SenderNames;
  readonly observer: Observer;
  /** Whether a bulk replay was cancelled. Default: none was. */
  readonly isReplayCancelled?: (replayId: Id) => boolean;
  /** Whether an event has waited for so long that what it still waits for is ended. Default: none has. */
  readonly isOverdue?: (eventId: Id) => boolean;
};

/** Delivery as the rest of the gateway sees it. */
export type DeliveryEngine = {
  /** What ingest, replay and management tell the lanes, and what metrics ask them. */
  readonly lanes: Omit<Lanes, "claimed" | "stop" | "wakeAll">;
  /** Takes up what an earlier process left. */
  start(): Promise<void>;
  /** Ends what nobody wants any more; resolves when none of it will start again. */
  cancel(cancellation: Cancellation): Promise<void>;
  /** Starts nothing new, gives attempts under way `graceMs` to end, and gives everything else back to the store. */
  stop(graceMs: number): Promise<void>;
};

const releasesMax = 1000;

const createReleaser = (store: Pick<Store, "line">): ((delivery: Delivery) => Promise<Id>) =>
  store.line<Delivery, Id>({
    name: "releases",
    itemsMax: releasesMax,
    draft: (deliveries): Draft<Id> => ({
      operations: [releaseClaimsOperation(deliveries)],
      committed: () => deliveries.map(({ id }) => id),
    }),
  });

/** A destination that was switched off has what it left cancelled; any other goes on where it was. */
const takeUp = (
  { table, canceller, lanes }: Pick<DeliveryParts, "table"> & { canceller: Canceller; lanes: Lanes },
  [id, dueAtMs]: readonly [Id, number],
): void => {
  const destination = table.destination(id)?.destination;
  if (destination === undefined) return;
  if (!destination.enabled) {
    canceller.cancelBehind({ destinationId: id, enablingBelow: destination.enabling, reason: "destination_disabled" });
  }
  if (destination.enabled) lanes.noteDue(id, dueAtMs);
};

/** Takes up what an earlier process left: what it had claimed, and what lies in the store. */
const takeUpAll = async (
  parts: Pick<DeliveryParts, "store" | "table"> & { canceller: Canceller; lanes: Lanes },
): Promise<void> => {
  const destinations = [...parts.table.destinations()].map(({ destination }) => destination);
  const slots = destinations.map((each) => ({ destinationId: each.id, slots: slotsOf(each) }));
  await rescueClaims(parts.store, slots);
  const ids = destinations.map(({ id }) => id);
  for (const due of await dueTimes(parts.store, ids)) takeUp(parts, due);
};

/** The delivery engine. Its lines into the group commit come before those of ingest, which must be opened later. */
export const createDelivery = (parts: DeliveryParts): DeliveryEngine => {
  const { store, clock, table, observer } = parts;
  const abort = new AbortController();
  const canceller = createCanceller({ store, clock, observer });
  const underWay = new Map<Promise<unknown>, Delivery>();
  const revocation = createRevocation({ isReplayCancelled: () => false, isOverdue: () => false, ...parts });

  const recorder = new Recorder({
    ...parts,
    onDue: (destinationId, atMs) => lanes.noteDue(destinationId, atMs),
    onDisabled: ({ id, enabling }) => {
      lanes.wake(id);
      canceller.cancelBehind({ destinationId: id, enablingBelow: enabling, reason: "destination_disabled" });
    },
    onRecovered: () => lanes.wakeAll(),
  });
  const worker = createWorker({
    ...parts,
    recorder,
    suspects: createSuspects(store),
    revocation,
    signal: abort.signal,
  });
  const claim = createClaimer(store, (wish, claimed) => lanes.claimed(wish, claimed));
  const release = createReleaser(store);
  const lanes = new Lanes({
    clock,
    dueTime: parts.dueTime,
    table,
    claim,
    mayStart: () => recorder.mayStart,
    work: (work, destination, held) => {
      const done = worker(work, destination, held).finally(() => underWay.delete(done));
      underWay.set(done, work.delivery);
      return done;
    },
    isRevoked: ({ delivery }) => revocation(delivery) !== null,
    cancel: ({ delivery }) => {
      const reason = revocation(delivery) ?? "destination_disabled";
      void recorder.record({ delivery, outcome: { kind: "cancelled", reason }, attempt: null });
    },
  });
  const noteDue = lanes.noteDue.bind(lanes);
  const inHand = (): Delivery[] => [...lanes.inHand(), ...recorder.inHand(), ...underWay.values()];
  store.onInterrupted(createRecovery({ ...parts, noteDue, inHand }));
  // Somebody else may have switched a destination on, off, or to another pace.
  table.onReplaced(() => lanes.wakeAll());
  return {
    lanes,
    start: () => takeUpAll({ store, table, canceller, lanes }),
    cancel: async (cancellation) => {
      lanes.wake(cancellation.destinationId);
      await canceller.cancel(cancellation);
    },
    stop: async (graceMs) => {
      const left = [...lanes.stop()];
      await Promise.race([Promise.all(underWay.keys()), wait(clock, graceMs)]);
      abort.abort();
      recorder.giveUp();
      await Promise.all(underWay.keys());
      await canceller.stop();
      await store.settled();
      // What was being claimed when the lanes stopped has come in by now.
      const all = [...left, ...lanes.stop()];
      await Promise.allSettled(all.map(({ delivery }) => release(delivery)));
      await store.settled();
    },
  };
};
