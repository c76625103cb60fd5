import type { Cluster, Listening } from "../db/cluster.ts";
import type { Tx } from "../db/store.ts";
import { type Clock, wait } from "../lib/clock.ts";
import type { ClockReading } from "../lib/corrected-clock.ts";
import type { Id, Ids } from "../lib/ids.ts";
import type { Observer } from "../observe/observe.ts";
import { type Beat, beat, isMember, join, leave, letGo, validityMs } from "./_heartbeat.ts";
import { bucketOf } from "./bucket.ts";
import { type Calls, createCalls, dueChannel, idsOf } from "./calls.ts";
import type { Node } from "./node.ts";
import type { Ownership, Standing } from "./ownership.ts";
import { changeOf, surplusOf } from "./share.ts";

/** How often a process says that it is alive. */
const beatEveryMs = 3_000;

/** After a failure; and how often those that leave are looked at. */
const againMs = 500;
const lookEveryMs = 50;

/** Where processes hear that there is something to take. */
const nodesChannel = "postern_nodes";

/** What membership needs. */
export type MembershipParts = {
  readonly cluster: Cluster;
  /** From now on, commits are written only while that process is a member; else they are not, and it is told. */
  readonly fence: (node: Id, onFenced: () => void) => void;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly node: Node;
  readonly observer: Pick<Observer, "faulted">;
};

/** Who is told of what it owns. */
export type Members = {
  /**
   * Makes due what earlier owners had claimed, and finds out what these have in the store. What is stored from then on is
   * noted. It is tried again until it succeeds.
   */
  takeUp(isTaken: (id: Id) => boolean): Promise<void>;
  /** Those for which something is under way. */
  busy(): Iterable<Id>;
  /** Some are owned from now on, or no longer, or attempts may start again: look at all. */
  changed(): void;
  /** Something of this one is due. */
  called(id: Id): void;
  /** Somebody called for this one, whoever owns it. */
  heard(id: Id): void;
  /** What the database's clock showed. */
  timed(reading: ClockReading): void;
};

type Held = { standing: Exclude<Standing, "theirs">; readonly takenAtMs: number; readonly diedAtMs: number | null };

/** The part that one process has in delivering, among others on the same database. */
export class Membership implements Ownership {
  readonly isAlone = false;
  readonly #parts: MembershipParts;
  readonly #calls: Calls;
  readonly #held = new Map<number, Held>();
  #members: Members | null = null;
  #listening: Listening | null = null;
  /** Null: it is to join, for the first time or again. */
  #id: Id | null = null;
  #sureUntilMs = Number.NEGATIVE_INFINITY;
  #nudge: PromiseWithResolvers<void> = Promise.withResolvers();
  #isRetiring = false;
  #isStopped = false;
  #running: Promise<void> | null = null;

  constructor(parts: MembershipParts) {
    this.#parts = parts;
    this.#calls = createCalls(parts.cluster, parts.clock);
  }

  standingOf(id: Id): Standing {
    return this.#held.get(bucketOf(id))?.standing ?? "theirs";
  }

  isSure(): boolean {
    return this.#id !== null && this.#parts.clock.monotonicMs() < this.#sureUntilMs;
  }

  changedAtMs(id: Id): number | null {
    return this.#held.get(bucketOf(id))?.takenAtMs ?? null;
  }

  diedAtMs(id: Id): number | null {
    return this.#held.get(bucketOf(id))?.diedAtMs ?? null;
  }

  async holds(tx: Tx): Promise<boolean> {
    const id = this.#id;
    return id !== null && (await isMember(tx, id)) && this.#id === id;
  }

  call(id: Id): void {
    this.#calls.call(id);
  }

  /** Buckets that attempts are made for, for tests and gauges. */
  get buckets(): readonly number[] {
    return [...this.#held].flatMap(([bucket, { standing }]) => (standing === "ours" ? [bucket] : []));
  }

  /** Joins, and takes what is free. Resolves after the first heartbeat; throws when that fails. */
  async start(members: Members): Promise<void> {
    this.#members = members;
    await this.#beat();
    if (this.#id !== null) await this.#tellNodes(this.#id);
    this.#listening = this.#parts.cluster.listen([dueChannel, nodesChannel], (channel, payload) => {
      // What this process let go, it is not to take back.
      if (channel === nodesChannel && payload !== this.#id) this.#nudge.resolve();
      if (channel !== dueChannel) return;
      for (const id of idsOf(payload)) {
        members.heard(id);
        if (["ours", "taking"].includes(this.standingOf(id))) members.called(id);
      }
    });
    this.#running = this.#run();
  }

  /** Starts nothing more, and gives up whatever is quiet. Comes before attempts under way are waited for. */
  retire(): void {
    this.#isRetiring = true;
    this.#release(this.#held.keys());
    this.#nudge.resolve();
  }

  /** Gives up all that is left, and tells the others. Comes when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#nudge.resolve();
    this.#calls.stop();
    await this.#running;
    await this.#listening?.close();
    const id = this.#id;
    this.#id = null;
    this.#held.clear();
    if (id === null) return;
    // Whoever cannot say good-bye is missed a little later.
    await leave(this.#parts.cluster, id).catch(() => null);
    await this.#tellNodes(id);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const { clock } = this.#parts;
      const startedAtMs = clock.monotonicMs();
      const waitMs = await this.#beat().then(
        () => beatEveryMs,
        (error: unknown) => {
          this.#parts.observer.faulted({ task: "say that this node is alive", error });
          return againMs;
        },
      );
      await this.#pass(startedAtMs + waitMs);
    }
  }

  /** Waits for the next heartbeat, and lets go meanwhile what has become quiet. */
  async #pass(untilMs: number): Promise<void> {
    const { clock } = this.#parts;
    for (;;) {
      const restMs = untilMs - clock.monotonicMs();
      if (restMs <= 0 || this.#isStopped) return;
      const hurried = this.#nudge.promise;
      const isWatching = [...this.#held.values()].some(({ standing }) => standing === "leaving");
      const pause = wait(clock, isWatching ? Math.min(lookEveryMs, restMs) : restMs);
      const isHurried = await Promise.race([hurried.then(() => true), pause.then(() => false)]);
      if (isHurried) {
        this.#nudge = Promise.withResolvers();
        return;
      }
      if (isWatching) await this.#freeQuiet();
    }
  }

  async #beat(): Promise<void> {
    const { cluster, clock, node } = this.#parts;
    const id = this.#id ?? (await this.#join());
    const sentAtMs = clock.monotonicMs();
    const answer = await beat(cluster, id, this.#isRetiring ? "leaving" : node.role);
    const receivedAtMs = clock.monotonicMs();
    if (this.#id !== id) return;
    if (!answer.isMember) {
      this.#removed(id);
      return;
    }
    this.#members?.timed({ otherMs: answer.nowMs, sentAtMs, receivedAtMs });
    const wasSure = this.isSure();
    this.#sureUntilMs = sentAtMs + validityMs;
    this.#follow(answer, receivedAtMs);
    if (!wasSure) this.#members?.changed();
  }

  async #join(): Promise<Id> {
    const { cluster, fence, ids, node } = this.#parts;
    const id = ids.next();
    await join(cluster, id, node);
    fence(id, () => this.#removed(id));
    this.#id = id;
    return id;
  }

  /** The others have given this process up: what it held is theirs. It joins again under another id. */
  #removed(id: Id): void {
    if (this.#id !== id) return;
    this.#id = null;
    this.#held.clear();
    this.#sureUntilMs = Number.NEGATIVE_INFINITY;
    this.#members?.changed();
    this.#nudge.resolve();
  }

  /** Does in memory what the store says. */
  #follow({ buckets, owners, nowMs }: Beat, atMs: number): void {
    const { gained, lost } = changeOf(this.#held.keys(), buckets.keys());
    for (const bucket of lost) this.#held.delete(bucket);
    const taken = new Map<number, Held>();
    for (const bucket of gained) {
      const died = buckets.get(bucket)?.diedAtMs ?? null;
      // From the database's time to the monotonic clock.
      const diedAtMs = died === null ? null : atMs + died - nowMs;
      taken.set(bucket, { standing: "taking", takenAtMs: atMs, diedAtMs });
    }
    for (const [bucket, held] of taken) this.#held.set(bucket, held);
    if (taken.size > 0) void this.#take(taken);
    const kept = [...this.#held].flatMap(([bucket, { standing }]) => (standing === "leaving" ? [] : [bucket]));
    const surplus = this.#isRetiring ? kept : surplusOf(kept, owners);
    if (surplus.length > 0) this.#release(surplus);
    else if (lost.length > 0) this.#members?.changed();
  }

  #release(buckets: Iterable<number>): void {
    for (const bucket of buckets) {
      const held = this.#held.get(bucket);
      if (held !== undefined) held.standing = "leaving";
    }
    this.#members?.changed();
  }

  /** Buckets that were just taken are ours once what they were left with is due again. */
  async #take(taken: ReadonlyMap<number, Held>): Promise<void> {
    const { clock, observer } = this.#parts;
    // What was lost meanwhile, or is to leave, is not ours.
    const isTaken = (id: Id): boolean => {
      const held = taken.get(bucketOf(id));
      return held !== undefined && this.#held.get(bucketOf(id)) === held;
    };
    for (let isTakenUp = false; !isTakenUp && !this.#isStopped && this.#isAny(taken);) {
      try {
        await this.#members?.takeUp(isTaken);
        isTakenUp = true;
      } catch (error) {
        observer.faulted({ task: "take over deliveries", error });
        await wait(clock, againMs);
      }
    }
    for (const held of taken.values()) if (held.standing === "taking") held.standing = "ours";
    this.#members?.changed();
  }

  #isAny(taken: ReadonlyMap<number, Held>): boolean {
    return [...taken].some(([bucket, held]) => this.#held.get(bucket) === held);
  }

  async #freeQuiet(): Promise<void> {
    const { cluster, observer } = this.#parts;
    const id = this.#id;
    const busy = new Set([...(this.#members?.busy() ?? [])].map(bucketOf));
    const quiet = [...this.#held].flatMap(([bucket, { standing }]) =>
      standing === "leaving" && !busy.has(bucket) ? [bucket] : [],
    );
    if (id === null || quiet.length === 0) return;
    try {
      await letGo(cluster, id, quiet);
    } catch (error) {
      observer.faulted({ task: "hand over deliveries", error });
      return;
    }
    if (this.#id !== id) return;
    for (const bucket of quiet) this.#held.delete(bucket);
    await this.#tellNodes(id);
  }

  async #tellNodes(id: Id): Promise<void> {
    await this.#parts.cluster.notify(nodesChannel, id).catch(() => null);
  }
}
