import type { Timer } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { LaneState } from "../observe/gauges.ts";
import type { Delivery } from "../queue/delivery.ts";
import type { Ownership } from "../queue/ownership.ts";
import type { Destination } from "../routing/destination.ts";
import { gateOf } from "./circuit.ts";
import type { RateWindow } from "./rate.ts";
import { type Candidate, nextTurn, type Turn, type Verdict } from "./turn.ts";
import type { Work } from "./work.ts";

/**
 * Deliveries that one lane holds in memory, waiting, and as many again that bulk replays made. What comes after stays in
 * the store.
 */
export const windowMax: number = 1000;

/** Bytes that one lane's waiting and running deliveries keep. */
export const laneBytesMax: number = 4 * 1024 * 1024;

/** The state of one destination's lane. Changed only by `Lanes`. */
export type Lane = {
  readonly destinationId: Id;
  /** Claimed, in order; what bulk replays made waits apart, so that it never stands before what arrives. */
  readonly waiting: Readonly<Record<Turn, Work[]>>;
  /** Attempts under way. An ordered lane counts until the outcome is on disk. */
  readonly running: Record<Turn, number>;
  lastTurn: Turn;
  /** Whether the attempt that ended last failed. */
  isFailing: boolean;
  /** Places promised to deliveries whose commit is under way, and the bytes of all that is held. */
  reserved: number;
  heldBytes: number;
  /** When the first of its deliveries in the store falls due. Null: none is there. */
  nextDueAtMs: number | null;
  claiming: boolean;
  timer: Timer | null;
  /** What it sent while it was ours. */
  rate: RateWindow | null;
};

/** A lane with nothing in it. */
export const newLane = (destinationId: Id): Lane => ({
  destinationId,
  waiting: { live: [], replays: [] },
  running: { live: 0, replays: 0 },
  lastTurn: "replays",
  isFailing: false,
  reserved: 0,
  heldBytes: 0,
  nextDueAtMs: null,
  claiming: false,
  timer: null,
  rate: null,
});

/** Where a delivery waits. */
export const turnOf = ({ delivery }: Work): Turn => (delivery.replayId === null ? "live" : "replays");

/** Attempts under way. */
export const runningIn = ({ running }: Lane): number => running.live + running.replays;

/** Slots of a lane. */
export const slotsOf = ({ ordered, maxConcurrency }: Destination): number => (ordered ? 1 : maxConcurrency);

/** Whether an attempt that an earlier owner left under way must be over before the next one starts. */
const isStrict = (destination: Destination): boolean => slotsOf(destination) === 1 || destination.rateLimit !== null;

/** How long an attempt that a dead owner left under way may still take, where no other may run beside it. */
export const quietMsOf = (
  destination: Destination,
  ownership: Pick<Ownership, "diedAtMs">,
  monotonicMs: number,
): number => {
  const diedAtMs = isStrict(destination) ? ownership.diedAtMs(destination.id) : null;
  return diedAtMs === null ? 0 : diedAtMs + destination.timeoutMs - monotonicMs;
};

/** Whether nothing waits in memory. */
export const isEmpty = ({ waiting }: Lane): boolean => waiting.live.length + waiting.replays.length === 0;

/** How many more deliveries a lane may hold, whatever made them. */
export const roomIn = ({ waiting, reserved }: Lane): number =>
  windowMax - Math.max(waiting.live.length + reserved, waiting.replays.length);

/** Whether something in the store should go out before anything that arrives now. */
export const hasBacklog = (lane: Lane, nowMs: number): boolean =>
  lane.claiming || (lane.nextDueAtMs !== null && lane.nextDueAtMs <= nowMs);

/** Whether one more event of that size would be too much for a lane's memory. */
export const isFull = (lane: Lane, bytes: number): boolean =>
  lane.waiting.live.length + lane.reserved >= windowMax || lane.heldBytes + bytes > laneBytesMax;

/** What others stored that long ago is as good as not yet known of. */
const youngMs = 1_000;

/** With fewer that wait a lane keeps up. */
const keepsUpMax = 128;

/**
 * Whether what arrives here may go out before a backlog that other processes began: as long as the lane keeps up, and nothing
 * there is older than a moment. Otherwise events that come in everywhere would never go straight from memory again: while some are
 * claimed, the next ones are stored.
 */
export const mayPass = (lane: Lane, nowMs: number): boolean =>
  (lane.nextDueAtMs ?? nowMs) > nowMs - youngMs && lane.waiting.live.length + lane.reserved < keepsUpMax;

/** What a lane does, for a gauge. */
export const stateOf = (lane: Lane, destination: Destination | undefined, nowMs: number): LaneState => {
  if (destination?.enabled !== true) return "disabled";
  if (hasBacklog(lane, nowMs)) return "backlogged";
  if (runningIn(lane) > 0) return "busy";
  return isEmpty(lane) ? "idle" : "held";
};

/** Whether something is under way, or may come to be by a commit that is. */
export const isBusy = (lane: Lane): boolean =>
  runningIn(lane) > 0 || lane.reserved > 0 || lane.claiming || !isEmpty(lane);

/** Whether nothing would be lost by forgetting the lane. A rate counts on what was sent before. */
export const isForgettable = (lane: Lane, destination: Pick<Destination, "rateLimit"> | undefined): boolean =>
  !isBusy(lane) && lane.nextDueAtMs === null && (destination?.rateLimit ?? null) === null;

/** What would go next of one kind, and where it stands. */
type Next = { readonly index: number; readonly candidate: Candidate | null };

/** How long a delivery that a bulk replay made must wait for the replay's rate; 0: it may go. */
export type PaceMsOf = (work: Work) => number;

/** Only in an ordered lane does one that must wait hold up those behind it. */
const nextOf = (works: readonly Work[], ordered: boolean, nowMs: number, paceMsOf: PaceMsOf): Next => {
  let next = nothing;
  for (const [index, work] of works.entries()) {
    const { delivery } = work;
    const waitMs = Math.max((delivery.notBeforeMs ?? 0) - nowMs, paceMsOf(work));
    if (waitMs < (next.candidate?.waitMs ?? Infinity)) next = { index, candidate: { deliveryId: delivery.id, waitMs } };
    if (ordered || waitMs <= 0) break;
  }
  return next;
};

const withoutPace: PaceMsOf = () => 0;
const nothing: Next = { index: 0, candidate: null };

/** The same for deliveries of bulk replays, of which hundreds may wait for the same. */
const remembering = (paceMsOf: PaceMsOf): PaceMsOf => {
  const known = new Map<Id | null, number>();
  return (work) => {
    const { replayId } = work.delivery;
    const waitMs = known.get(replayId) ?? paceMsOf(work);
    known.set(replayId, waitMs);
    return waitMs;
  };
};

/** Puts what was claimed behind what waits. Where a circuit is open, the oldest comes first: it is the one that is tried. */
export const addClaimed = (lane: Lane, deliveries: readonly Delivery[], destination: Destination | undefined): void => {
  for (const delivery of deliveries) {
    const work = { delivery, stored: null, bytes: 0 };
    lane.waiting[turnOf(work)].push(work);
  }
  if ((destination?.circuitOpenedAtMs ?? null) === null) return;
  for (const works of [lane.waiting.live, lane.waiting.replays]) {
    works.sort((a, b) => (a.delivery.id < b.delivery.id ? -1 : 1));
  }
};

/** Whether an open circuit has kept the first that waits for too long. It is the oldest, so it is the first that has to go. */
export const hasLate = (
  { waiting }: Lane,
  { circuitOpenedAtMs }: Pick<Destination, "circuitOpenedAtMs">,
  isRevoked: (work: Work) => boolean,
): boolean =>
  circuitOpenedAtMs !== null &&
  [waiting.live[0], waiting.replays[0]].some((work) => work !== undefined && isRevoked(work));

/** Before a probe, the older of both kinds has its turn. */
const turnBeforeProbe = (live: Candidate | null, replays: Candidate | null): Turn =>
  live !== null && replays !== null && replays.deliveryId < live.deliveryId ? "live" : "replays";

/** Whose turn it is in a lane, and where in its list the one stands that may go. */
export const nextIn = (
  lane: Lane,
  destination: Destination,
  nowMs: number,
  paceMsOf: PaceMsOf,
): Verdict & { readonly index: number } => {
  const gate = gateOf(destination, nowMs);
  const live = nextOf(lane.waiting.live, destination.ordered, nowMs, withoutPace);
  const replays =
    lane.waiting.replays.length === 0
      ? nothing
      : nextOf(lane.waiting.replays, destination.ordered, nowMs, remembering(paceMsOf));
  const verdict = nextTurn({
    ordered: destination.ordered,
    slots: gate.kind === "probe" ? 1 : slotsOf(destination),
    running: runningIn(lane),
    runningReplays: lane.running.replays,
    last: gate.kind === "probe" ? turnBeforeProbe(live.candidate, replays.candidate) : lane.lastTurn,
    live: live.candidate,
    replays: replays.candidate,
  });
  if (gate.kind === "shut" && verdict.kind === "start") return { kind: "wait", waitMs: gate.waitMs, index: 0 };
  return { ...verdict, index: verdict.kind === "start" && verdict.turn === "replays" ? replays.index : live.index };
};
