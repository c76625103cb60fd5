import { isHeld } from "../db/store-error.ts";
import type { Id } from "../lib/ids.ts";
import type { LaneState } from "../observe/gauges.ts";
import type { Claimed, ClaimWish } from "../queue/claim.ts";
import { claimedDueMs, type Delivery } from "../queue/delivery.ts";
import type { Standing } from "../queue/ownership.ts";
import type { Destination } from "../routing/destination.ts";
import { LaneMemory, toReadBytes } from "./lane-memory.ts";
import {
  addClaimed,
  hasBacklog,
  hasLate,
  isBusy,
  isForgettable,
  isFull,
  type Lane,
  mayPass,
  newLane,
  nextIn,
  quietMsOf,
  roomIn,
  runningIn,
  stateOf,
  turnOf,
  windowMax,
} from "./lane.ts";
import type { LanesParts } from "./lanes-parts.ts";
import { RateWindow } from "./rate.ts";
import { type ReplayRates, withoutRates } from "./replay-rates.ts";
import type { Work } from "./work.ts";

/** Deliveries that a lane claims in one go: the commit that claims them holds up all others. */
const claimedMax = 250;

/**
 * Attempts that are started in one turn of the event loop: what else waits for it has its turn then. Lanes whose last
 * attempt failed come after all others, with few: they are begun, and time out, by the hundred.
 */
const startsMax = { all: 16, failing: 4 } as const;

/** Before a lane claims again: the store is away, or somebody's open transaction holds what comes next and every try waits for it. */
const claimAgainMs = { away: 1_000, held: 5_000 } as const;

/** A lane looks at the time at least this often: wall time may jump while it sleeps. */
const sleepMsMax = 5_000;

/** Where to something is sent, and since when it counts against the rate. */
type Start = { readonly destination: Destination; readonly takenAtMs: number };

/**
 * One lane for each destination: what it holds, when it may send, and when it fetches more. A slow or dead destination
 * fills only its own lane. While a lane has a backlog in the store, new deliveries join its end there.
 */
export class Lanes {
  readonly #parts: LanesParts;
  readonly #lanes = new Map<Id, Lane>();
  /** Lanes that are to be looked at, in turn. */
  readonly #touched = { well: new Set<Lane>(), failing: new Set<Lane>() };
  #isTurnDue = false;
  #startsLeft: number = startsMax.all;
  readonly #memory = new LaneMemory();
  readonly #replayRates: ReplayRates;
  #stopped = false;

  constructor(parts: LanesParts) {
    this.#parts = parts;
    this.#replayRates = parts.replayRates ?? withoutRates();
  }

  /** Bytes of the events that all lanes hold. */
  get heldBytes(): number {
    return this.#memory.heldBytes;
  }

  /**
   * Whether a new delivery may go to its lane straight from memory. If so, a place is kept for it, until `place` or
   * `forgo`; if not, it waits in the store, and `noteDue` says so once it is there.
   */
  reserve(destination: Destination, bytes: number): boolean {
    const { ownership, mayStart } = this.#parts;
    if (this.#stopped || ownership.standingOf(destination.id) !== "ours" || !mayStart()) return false;
    // Another process may have stored an earlier one just now: in the store each has its place.
    if (destination.ordered && !ownership.isAlone) return false;
    const lane = this.#lane(destination.id);
    const nowMs = this.#parts.dueTime.nowMs();
    if (hasBacklog(lane, nowMs) && (ownership.isAlone || !mayPass(lane, nowMs))) return false;
    if (isFull(lane, bytes) || !this.#memory.mayHold(lane, bytes)) {
      // The backlog begins here: a smaller one that comes in the same commit must not pass.
      lane.nextDueAtMs = nowMs;
      return false;
    }
    lane.reserved += 1;
    this.#memory.hold(lane, bytes);
    return true;
  }

  /** Gives a kept place back: the commit failed. */
  forgo(destinationId: Id, bytes: number): void {
    const lane = this.#lane(destinationId);
    lane.reserved -= 1;
    this.#memory.hold(lane, -bytes);
  }

  /** Takes work whose place was kept. */
  place(work: Work): void {
    const lane = this.#lane(work.delivery.destinationId);
    lane.reserved -= 1;
    lane.waiting[turnOf(work)].push(work);
    this.#pumpSoon(lane);
  }

  /** Tells a lane that the store holds a delivery of its that falls due then. */
  noteDue(destinationId: Id, atMs: number): void {
    const standing = this.#parts.ownership.standingOf(destinationId);
    if (standing === "theirs" || standing === "leaving") {
      this.#parts.ownership.call(destinationId);
      return;
    }
    const lane = this.#lane(destinationId);
    lane.nextDueAtMs = Math.min(lane.nextDueAtMs ?? atMs, atMs);
    this.#pumpSoon(lane);
  }

  /** What a claim found. Runs before any later commit is drafted. */
  claimed({ destinationId }: ClaimWish, { deliveries, nextDueAtMs }: Claimed): void {
    const lane = this.#lane(destinationId);
    lane.nextDueAtMs = nextDueAtMs;
    addClaimed(lane, deliveries, this.#parts.table.destination(destinationId)?.destination);
  }

  /** Looks at a lane again: its destination changed, or some of what it holds is wanted no more. */
  wake(destinationId: Id): void {
    const lane = this.#lanes.get(destinationId);
    if (lane === undefined) return;
    this.#drop(lane, (work) => this.#parts.isRevoked(work));
    // At once: where its destination is ordered from now on, what comes next must not pass what is in the store.
    this.#pump(lane);
  }

  /** Looks at all lanes again, for anything may have changed that somebody else decides. */
  reviewAll(): void {
    for (const { destinationId } of this.#lanes.values()) this.wake(destinationId);
  }

  /** Looks at all lanes again. */
  wakeAll(): void {
    for (const lane of this.#lanes.values()) this.#pumpSoon(lane);
  }

  /** Destinations for which something is under way, or may come to be by a commit that is. */
  *busy(): Generator<Id> {
    for (const lane of this.#lanes.values()) {
      if (isBusy(lane)) yield lane.destinationId;
    }
  }

  /** Deliveries that wait in any lane. */
  *inHand(): Generator<Delivery> {
    for (const { waiting } of this.#lanes.values()) {
      for (const { delivery } of [...waiting.live, ...waiting.replays]) yield delivery;
    }
  }

  /** Stops starting work. Gives back what waited; it stays claimed in the store until it is released there. */
  stop(): readonly Work[] {
    this.#stopped = true;
    const left: Work[] = [];
    for (const lane of this.#lanes.values()) {
      lane.timer?.cancel();
      left.push(...lane.waiting.live.splice(0), ...lane.waiting.replays.splice(0));
    }
    return left;
  }

  /** How many lanes are doing what, for a gauge. */
  states(): Record<LaneState, number> {
    const states: Record<LaneState, number> = { idle: 0, busy: 0, backlogged: 0, held: 0, disabled: 0 };
    const nowMs = this.#parts.dueTime.nowMs();
    for (const lane of this.#lanes.values()) {
      states[stateOf(lane, this.#parts.table.destination(lane.destinationId)?.destination, nowMs)] += 1;
    }
    return states;
  }

  /** How long the longest waiting delivery in any store backlog has been due. */
  oldestDueAgeMs(): number {
    const nowMs = this.#parts.dueTime.nowMs();
    let oldestMs = nowMs;
    for (const { nextDueAtMs } of this.#lanes.values()) oldestMs = Math.min(oldestMs, nextDueAtMs ?? nowMs);
    return nowMs - oldestMs;
  }

  #lane(destinationId: Id): Lane {
    const known = this.#lanes.get(destinationId);
    if (known !== undefined) return known;
    const lane = newLane(destinationId);
    this.#lanes.set(destinationId, lane);
    return lane;
  }

  /**
   * Looks at a lane once the commit that gave it something has been answered and the next one is on its way: to sign
   * and send takes longer than both, and nobody waits for it.
   */
  #pumpSoon(lane: Lane): void {
    this.#touched[lane.isFailing ? "failing" : "well"].add(lane);
    this.#turnSoon();
  }

  #turnSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    this.#parts.clock.soon(() => this.#turn());
  }

  /** Looks at one lane after the other, until enough has been started for one turn of the event loop. */
  #turn(): void {
    this.#isTurnDue = false;
    const { well, failing } = this.#touched;
    this.#startsLeft = startsMax.all;
    this.#pumpAll(well);
    this.#startsLeft = startsMax.failing;
    this.#pumpAll(failing);
    if (well.size + failing.size > 0) this.#turnSoon();
  }

  #pumpAll(lanes: Set<Lane>): void {
    for (const lane of lanes) {
      if (this.#startsLeft === 0) return;
      lanes.delete(lane);
      this.#pump(lane);
    }
  }

  #pump(lane: Lane): void {
    if (this.#stopped) return;
    lane.timer?.cancel();
    lane.timer = null;
    const standing = this.#parts.ownership.standingOf(lane.destinationId);
    if (standing !== "ours") {
      this.#giveUp(lane, standing);
      return;
    }
    const destination = this.#parts.table.destination(lane.destinationId)?.destination;
    if (destination?.enabled !== true) {
      this.#drain(lane, destination);
      return;
    }
    if (hasLate(lane, destination, this.#parts.isRevoked)) this.#drop(lane, this.#parts.isRevoked);
    const waitMs = this.#startWork(lane, destination);
    this.#fetch(lane, destination);
    this.#sleep(lane, destination, waitMs);
    if (isForgettable(lane, destination)) this.#forget(lane);
  }

  /** Empties a lane that is not ours, or not yet again. What is under way ends. */
  #giveUp(lane: Lane, standing: Exclude<Standing, "ours">): void {
    for (const work of [...lane.waiting.live.splice(0), ...lane.waiting.replays.splice(0)]) {
      this.#memory.hold(lane, -work.bytes);
      this.#parts.giveBack(work);
    }
    lane.rate = null;
    // What it is to go on with when it is ours.
    if (standing === "taking") return;
    lane.nextDueAtMs = null;
    if (isForgettable(lane, undefined)) this.#forget(lane);
  }

  #drain(lane: Lane, destination: Destination | undefined): void {
    this.#drop(lane, () => true);
    lane.nextDueAtMs = null;
    if (isForgettable(lane, destination)) this.#forget(lane);
  }

  /** A lane that was forgotten may be looked at once more, when there is another one for its destination. */
  #forget(lane: Lane): void {
    if (this.#lanes.get(lane.destinationId) === lane) this.#lanes.delete(lane.destinationId);
  }

  /** Gets rid of what waits and is not wanted. */
  #drop(lane: Lane, isUnwanted: (work: Work) => boolean): void {
    for (const works of [lane.waiting.live, lane.waiting.replays]) {
      for (const work of works.splice(0)) {
        if (!isUnwanted(work)) {
          works.push(work);
          continue;
        }
        this.#memory.hold(lane, -work.bytes);
        this.#parts.cancel(work);
      }
    }
  }

  /** Starts what may start. Gives how long the next must wait, or null when it need not, or there is none. */
  #startWork(lane: Lane, destination: Destination): number | null {
    const { clock, dueTime, mayStart, ownership } = this.#parts;
    const quietMs = quietMsOf(destination, ownership, clock.monotonicMs());
    lane.rate ??= new RateWindow(ownership.changedAtMs(destination.id));
    for (;;) {
      const takenAtMs = clock.monotonicMs();
      const paceMsOf = (work: Work): number => this.#replayRates.waitMs(work, takenAtMs);
      const next = nextIn(lane, destination, dueTime.nowMs(), paceMsOf);
      if (next.kind === "none") return null;
      if (next.kind === "wait") return next.waitMs;
      if (!mayStart()) return sleepMsMax;
      if (quietMs > 0) return quietMs;
      if (this.#startsLeft === 0) {
        this.#pumpSoon(lane);
        return null;
      }
      // Looked at again when one of those under way ends. One at a time always goes, so nobody waits for other lanes.
      const readBytes = toReadBytes(lane.waiting[next.turn][next.index]);
      if (runningIn(lane) > 0 && !this.#memory.mayHold(lane, readBytes)) return null;
      const rateWaitMs = lane.rate.take(destination, takenAtMs);
      if (rateWaitMs > 0) return rateWaitMs;
      this.#startsLeft -= 1;
      const [work] = lane.waiting[next.turn].splice(next.index, 1);
      if (work !== undefined) void this.#run(lane, work, { destination, takenAtMs });
    }
  }

  async #run(lane: Lane, work: Work, { destination, takenAtMs }: Start): Promise<void> {
    const turn = turnOf(work);
    const counted = this.#replayRates.take(work, takenAtMs);
    lane.lastTurn = turn;
    lane.running[turn] += 1;
    let readBytes = toReadBytes(work);
    this.#memory.hold(lane, readBytes);
    const { rate } = lane;
    const { clock, ownership } = this.#parts;
    const ownedSinceMs = ownership.changedAtMs(destination.id);
    const { kept, hasFailed } = await this.#parts.work(work, destination, {
      held: (bytes) => {
        this.#memory.hold(lane, bytes - readBytes);
        readBytes = bytes;
      },
      sends: () => {
        const sentAtMs = clock.monotonicMs();
        for (const window of [rate, counted]) window?.sends(takenAtMs, sentAtMs);
      },
      maySend: () => ownership.isSure() && ownership.changedAtMs(destination.id) === ownedSinceMs,
    });
    lane.running[turn] -= 1;
    lane.isFailing = hasFailed;
    this.#memory.hold(lane, -readBytes);
    if (kept === null) this.#memory.hold(lane, -work.bytes);
    else lane.waiting[turn].unshift(kept);
    this.#pumpSoon(lane);
  }

  #fetch(lane: Lane, { id: destinationId, ordered }: Destination): void {
    const nowMs = this.#parts.dueTime.nowMs();
    if (!this.#mayFetch(lane) || lane.nextDueAtMs === null) return;
    if (!ordered && lane.nextDueAtMs > nowMs) return;
    const room = roomIn(lane);
    lane.claiming = true;
    // An ordered lane takes what comes first, due or not, and waits with it in hand.
    const dueUntilMs = ordered ? claimedDueMs - 1 : nowMs;
    this.#parts.claim({ destinationId, dueUntilMs, limit: Math.min(room, claimedMax) }).then(
      () => this.#fetched(lane),
      (error: unknown) =>
        this.#parts.clock.after(isHeld(error) ? claimAgainMs.held : claimAgainMs.away, () => this.#fetched(lane)),
    );
  }

  /** Whether nothing but time stands between the lane and what the store holds for it. */
  #mayFetch(lane: Lane): boolean {
    return !lane.claiming && roomIn(lane) >= windowMax / 2 && this.#parts.mayStart();
  }

  #fetched(lane: Lane): void {
    lane.claiming = false;
    this.#pumpSoon(lane);
  }

  #sleep(lane: Lane, destination: Destination, headWaitMs: number | null): void {
    // What waits for a slot, for room or for the store is looked at again when that comes; a timer would only spin.
    const waitsForTime = !destination.ordered && lane.nextDueAtMs !== null && this.#mayFetch(lane);
    const untilDueMs = waitsForTime ? (lane.nextDueAtMs ?? 0) - this.#parts.dueTime.nowMs() : null;
    const waits = [headWaitMs, untilDueMs].filter((waitMs) => waitMs !== null);
    if (waits.length === 0) return;
    const soonest = Math.min(...waits);
    lane.timer = this.#parts.clock.after(Math.min(Math.max(soonest, 1), sleepMsMax), () => this.#pumpSoon(lane));
  }
}
