/** Who sends next in a lane: what arrived or was replayed by hand, or what bulk replays made. */
export type Turn = "live" | "replays";

/** The first of its kind that waits in a lane. */
export type Candidate = {
  /** Ids of deliveries grow in the order of commit. */
  readonly deliveryId: string;
  /** How long it must still wait; 0 or less: it may go. */
  readonly waitMs: number;
};

/** What decides whose turn it is. */
export type Contest = {
  readonly ordered: boolean;
  readonly slots: number;
  /** Attempts under way, and those among them that bulk replays made. */
  readonly running: number;
  readonly runningReplays: number;
  /** Whose the last turn was. */
  readonly last: Turn;
  /** Null: none waits. */
  readonly live: Candidate | null;
  readonly replays: Candidate | null;
};

/** Whose turn it is, or how long the lane must wait for one. `none`: nothing waits that could start. */
export type Verdict =
  | { readonly kind: "start"; readonly turn: Turn }
  | { readonly kind: "wait"; readonly waitMs: number }
  | { readonly kind: "none" };

const none: Verdict = { kind: "none" };

/** Slots that bulk replays may have at once: half of the lane's, and one of one. */
export const replaySlots = (slots: number): number => Math.max(1, Math.floor(slots / 2));

const startOrWait = (turn: Turn, { waitMs }: Candidate): Verdict =>
  waitMs > 0 ? { kind: "wait", waitMs } : { kind: "start", turn };

const isReady = (candidate: Candidate | null): candidate is Candidate => candidate !== null && candidate.waitMs <= 0;

/** In an ordered lane the first in the order of commit goes, whoever made it, or holds all others up. */
const inOrder = ({ live, replays }: Contest): Verdict => {
  if (live === null) return replays === null ? none : startOrWait("replays", replays);
  if (replays === null || live.deliveryId < replays.deliveryId) return startOrWait("live", live);
  return startOrWait("replays", replays);
};

/**
 * Decides who sends next. Bulk replays have at most half of a lane, so that what arrives always finds a slot that is
 * soon free, and within their half they take turns with it, so that neither waits for the other to run dry.
 */
export const nextTurn = (contest: Contest): Verdict => {
  const { ordered, slots, running, runningReplays, last, live, replays } = contest;
  if (running >= slots) return none;
  if (ordered) return inOrder(contest);
  const mayReplay = runningReplays < replaySlots(slots);
  const replaysReady = mayReplay && isReady(replays);
  if (isReady(live)) return { kind: "start", turn: replaysReady && last === "live" ? "replays" : "live" };
  if (replaysReady) return { kind: "start", turn: "replays" };
  const waits = [live, mayReplay ? replays : null].flatMap((candidate) => candidate?.waitMs ?? []);
  return waits.length === 0 ? none : { kind: "wait", waitMs: Math.min(...waits) };
};
