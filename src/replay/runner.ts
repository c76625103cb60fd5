import { isPassing } from "../db/store-error.ts";
import type { Store, Tx } from "../db/store.ts";
import type { Timer } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import { lanesHolding, pendingOfReplay } from "../queue/of-replay.ts";
import type { OpenReplay } from "./_rows.ts";
import { cancelWaiting, failReplay, openReplays, readOpen, settleReplay } from "./end-replay.ts";
import { type FeedParts, feedPage } from "./feed.ts";
import { outstandingMax, pageMax } from "./limits.ts";
import { longer, orderedMax, pageEvents, pageWaitMs } from "./pace.ts";
import { destinationsOf, hasPages, isGone, neighboursOf, shareOf } from "./share.ts";

/** What the runner needs. */
export type RunnerParts = FeedParts & {
  readonly store: Pick<Store, "list" | "lookup" | "write" | "freshen">;
  readonly observer: Pick<Observer, "deliveryEnded" | "faulted" | "replayEnded">;
  /** Whether a bulk replay is this process's to work on. */
  readonly isOurs: (replayId: Id) => boolean;
  /** Some of what a lane holds is wanted no more. */
  readonly wake: (destinationId: Id) => void;
};

/** A bulk replay that is not done with. */
type Entry = {
  replay: OpenReplay;
  /** Monotonic: when its next step may be taken. */
  readyAtMs: number;
  /** How long it waited the last time, for receivers, and after a failure. 0: it did not. */
  idleMs: number;
  faultMs: number;
  /** Steps in a row that failed for what they are. */
  faults: number;
  /** Whether its row must be read again: a commit whose answer was lost may have happened. */
  isStale: boolean;
};

/** Waits for deliveries to end, and after a failure. */
const idle = { first: 20, max: 1_000 } as const;
const draining = { first: 50, max: 2_000 } as const;
const again = { first: 250, max: 10_000 } as const;

/** Replays that are remembered to be gone. What is forgotten is looked for again. */
const goneMax = 1_000;

/** Steps in a row that fail while the store works, until a replay is given up: this one will never succeed. */
const faultsMax = 5;

/**
 * Works through all bulk replays of the process, one step at a time and in turn, so that they neither starve each other nor
 * fill the commits that live events wait for. A step is one page of events, or a look at what has not ended.
 */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #entries = new Map<Id, Entry>();
  /** Cancelled, and not all of their deliveries have ended. */
  readonly #cancelled = new Set<Id>();
  /** Not there any more, though deliveries were. */
  readonly #gone = new Set<Id>();
  #timer: Timer | null = null;
  #step: Promise<void> | null = null;
  #stepOf: Id | null = null;
  #running = false;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
  }

  /** Whether a bulk replay was cancelled, so that none of its deliveries is to start. */
  isCancelled(replayId: Id): boolean {
    return this.#cancelled.has(replayId);
  }

  /** Whether what fails of a bulk replay is not tried again. Known as long as any of its deliveries has not ended. */
  isOnce(replayId: Id): boolean {
    return (this.#entries.get(replayId)?.replay.road ?? null) !== null;
  }

  /** Whether a bulk replay is not done with. */
  knows(replayId: Id): boolean {
    return this.#entries.has(replayId);
  }

  /** Events per second of a bulk replay. Null: it has no rate, or is gone. Undefined: it was not heard of yet. */
  rateOf(replayId: Id): number | null | undefined {
    const entry = this.#entries.get(replayId);
    if (entry !== undefined) return entry.replay.ratePerSecond;
    return this.#gone.has(replayId) ? null : undefined;
  }

  /** Looks for a bulk replay that was not heard of: what is not found then, is gone. */
  async learn(replayId: Id): Promise<void> {
    await this.#parts.store.freshen();
    if (this.#entries.has(replayId)) return;
    if (this.#gone.size >= goneMax) this.#gone.clear();
    this.#gone.add(replayId);
  }

  /** Reads what is not done with, and takes up what is new to this process once that was read. */
  async reload(tx: Tx): Promise<void> {
    const open = new Map<Id, OpenReplay>();
    for (let after: Id | null = null; ;) {
      const replays: readonly OpenReplay[] = await openReplays(tx, after);
      const last = replays.at(-1);
      if (last === undefined) break;
      for (const replay of replays) open.set(replay.id, replay);
      after = last.id;
    }
    tx.afterCommit(() => this.#become(open));
  }

  #become(open: ReadonlyMap<Id, OpenReplay>): void {
    for (const [id, replay] of open) {
      if (!this.#entries.has(id)) this.add(replay);
      else if (replay.status === "cancelled" && !this.#cancelled.has(id)) this.cancel(id);
    }
    for (const [id, entry] of this.#entries) {
      if (open.has(id)) continue;
      // Its next step finds out what became of it; what somebody else worked on is done with.
      if (this.#parts.isOurs(id)) entry.isStale = true;
      else this.#forget(id);
    }
  }

  /** Begins to work. After delivery has taken up what an earlier process had claimed. */
  begin(): void {
    this.#running = true;
    this.#pump();
  }

  /** The bulk replay that a step is under way of, if any. */
  busy(): readonly Id[] {
    return this.#stepOf === null ? [] : [this.#stepOf];
  }

  /** Looks again at which are this process's to work on. */
  wake(): void {
    this.#pump();
  }

  /** Takes a bulk replay up. */
  add(replay: OpenReplay): void {
    if (replay.status === "cancelled") this.#cancelled.add(replay.id);
    const readyAtMs = this.#parts.clock.monotonicMs();
    this.#entries.set(replay.id, { replay, readyAtMs, idleMs: 0, faultMs: 0, faults: 0, isStale: false });
    this.#pump();
  }

  /** Makes an end of a bulk replay that was cancelled. */
  cancel(replayId: Id): void {
    this.#cancelled.add(replayId);
    const entry = this.#entries.get(replayId);
    if (entry === undefined) return;
    entry.replay = { ...entry.replay, status: "cancelled" };
    entry.readyAtMs = this.#parts.clock.monotonicMs();
    entry.idleMs = 0;
    this.#pump();
  }

  /** Takes no further step. Resolves when none is under way. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#timer?.cancel();
    await this.#step;
  }

  #pump(): void {
    if (!this.#running || this.#step !== null) return;
    this.#timer?.cancel();
    this.#timer = null;
    let soonest: Entry | null = null;
    for (const entry of this.#entries.values()) {
      if (!this.#parts.isOurs(entry.replay.id)) {
        // Somebody else goes on with it: how far it is stands in the store.
        entry.isStale = true;
        continue;
      }
      if (soonest === null || entry.readyAtMs < soonest.readyAtMs) soonest = entry;
    }
    if (soonest === null) return;
    const waitMs = soonest.readyAtMs - this.#parts.clock.monotonicMs();
    if (waitMs > 0) {
      this.#timer = this.#parts.clock.after(waitMs, () => this.#pump());
      return;
    }
    this.#stepOf = soonest.replay.id;
    this.#step = this.#take(soonest).finally(() => {
      this.#step = null;
      this.#stepOf = null;
      this.#pump();
    });
  }

  async #take(entry: Entry): Promise<void> {
    const startedAtMs = this.#parts.clock.monotonicMs();
    const { replay } = entry;
    try {
      const waitMs = await this.#advance(entry, startedAtMs - entry.readyAtMs);
      entry.faultMs = 0;
      entry.faults = 0;
      if (waitMs === null) this.#forget(replay.id);
      // Unless it was cancelled meanwhile: then its turn is now.
      else if (entry.replay.status === replay.status) entry.readyAtMs = startedAtMs + waitMs;
    } catch (error) {
      this.#postpone(entry, error);
    }
  }

  #postpone(entry: Entry, error: unknown): void {
    if (!isPassing(error)) entry.faults += 1;
    if (!isPassing(error) || entry.faultMs === 0) this.#parts.observer.faulted({ task: "replay events", error });
    entry.isStale = true;
    entry.faultMs = longer(entry.faultMs, again);
    entry.readyAtMs = this.#parts.clock.monotonicMs() + entry.faultMs;
  }

  #forget(replayId: Id): void {
    this.#entries.delete(replayId);
    this.#cancelled.delete(replayId);
  }

  /** Takes one step, so late. Gives how long to wait until the next, or null when there is none. */
  async #advance(entry: Entry, lateMs: number): Promise<number | null> {
    const { store, table } = this.#parts;
    const { id } = entry.replay;
    // What a deleted source leaves goes with it.
    if (isGone(table, entry.replay)) return null;
    if (entry.faults >= faultsMax && entry.replay.status === "running") await failReplay(this.#parts, id);
    if (entry.isStale) {
      const read = await readOpen({ store }, id);
      if (read === null) return null;
      entry.replay = this.#cancelled.has(id) ? { ...read, status: "cancelled" } : read;
      entry.isStale = false;
    }
    if (entry.replay.status === "cancelled" && (await this.#cancelSome(id))) return 0;
    return hasPages(entry.replay) ? this.#feed(entry, lateMs) : this.#drain(entry);
  }

  async #feed(entry: Entry, lateMs: number): Promise<number | null> {
    const { store, table } = this.#parts;
    const { id, ratePerSecond } = entry.replay;
    const others = [...this.#entries.values()].map(({ replay }) => replay);
    const neighbours = neighboursOf(table, entry.replay, others);
    const outstanding = await pendingOfReplay(store, id, outstandingMax);
    let sharedRoom = outstandingMax - outstanding;
    for (const neighbour of neighbours) {
      if (sharedRoom > 0) sharedRoom -= await pendingOfReplay(store, neighbour.id, sharedRoom);
    }
    const destinations = destinationsOf(table, entry.replay);
    const keepsOrder = destinations.values().some((each) => table.destination(each)?.destination.ordered === true);
    const limit = pageEvents({
      ratePerSecond,
      routesMax: destinations.size,
      outstanding,
      outstandingMax: Math.min(shareOf(outstandingMax, neighbours), keepsOrder ? orderedMax(ratePerSecond) : Infinity),
      sharedRoom,
      eventsMax: pageMax.events,
      deliveriesMax: pageMax.deliveries,
    });
    entry.idleMs = limit === 0 ? longer(entry.idleMs, idle) : 0;
    if (limit === 0) return entry.idleMs;
    const fed = await feedPage(this.#parts, entry.replay, limit);
    switch (fed.kind) {
      case "fed":
        entry.replay = { ...entry.replay, cursor: fed.cursor };
        return pageWaitMs(ratePerSecond, fed.events, lateMs);
      case "gone":
        return null;
      case "cancelled":
        return 0;
      case "elsewhere":
        entry.isStale = true;
        return 0;
    }
  }

  /** Waits until every delivery that was made has ended. */
  async #drain(entry: Entry): Promise<number | null> {
    const { id } = entry.replay;
    if ((await pendingOfReplay(this.#parts.store, id, 1)) === 0) {
      await settleReplay(this.#parts, id);
      return null;
    }
    entry.idleMs = longer(entry.idleMs, draining);
    return entry.idleMs;
  }

  /** Cancels some of what waits, and has the lanes get rid of what they hold. Tells whether there is more. */
  async #cancelSome(replayId: Id): Promise<boolean> {
    const { store, observer, wake } = this.#parts;
    const { cancelled, more } = await cancelWaiting(this.#parts, replayId);
    if (cancelled > 0) {
      observer.deliveryEnded({ status: "cancelled", reason: "replay_cancelled", deliveries: cancelled });
    }
    if (!more) for (const destinationId of await lanesHolding(store, replayId)) wake(destinationId);
    return more;
  }
}
