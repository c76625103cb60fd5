import type { Clock } from "../lib/clock.ts";
import { halvesOf, type Share, Shares, type Waiting } from "./_shares.ts";
import { type AskHeld, HeldRows, type Row } from "./held-rows.ts";
import type { Kept } from "./kept.ts";
import type { Operation, OperationResult } from "./statement.ts";
import { HeldError, isInterrupted, isPassing, StoreError } from "./store-error.ts";

/** What a batch writes, and what becomes of its items once it is on disk. */
export type Draft<Result> = {
  readonly operations: readonly Operation[];
  /** Whether it changes what other processes keep in memory. Default: nothing. */
  readonly changes?: Extract<Kept, "routing">;
  /** Called once the commit is on disk. Gives one result per item, in order. Must not throw. */
  committed(results: readonly OperationResult[]): readonly Result[];
  /**
   * Called instead when nothing was written: takes back what drafting changed in memory. The same items may be drafted
   * again afterwards. Must not throw.
   */
  abandoned?(): void;
};

/** Turns waiting items into what is written for them. */
export type Batcher<Item, Result> = {
  /** For metrics and errors: `arrivals`, `outcomes`, … */
  readonly name: string;
  /** Items of the kind in one commit, at most. */
  readonly itemsMax: number;
  /** What an item costs, where that differs: the rows that it becomes. Default: 1. */
  weigh?(item: Item): number;
  /** Weight of the kind in one commit, at most; a single item may be heavier. Default: no bound beside `itemsMax`. */
  readonly weightMax?: number;
  /**
   * Whether a batch may be drafted while another commit is under way. Only if its draft reads nothing of what the
   * `committed` of any line changes, or does not mind. Default: no.
   */
  readonly overlaps?: boolean;
  /**
   * The rows that an item may change and that are there before it does. An item is refused alone, as `held`, while somebody else's
   * transaction holds one of them for too long. Default: nobody can tell; all of the line in that commit are refused then.
   */
  rows?(item: Item): readonly Row[];
  /** Called while the writer is held, so that what it reads from memory is as of this commit. No I/O. */
  draft(items: readonly Item[]): Draft<Result>;
};

/** Adds an item to the next commit. Resolves once it is on disk; rejects when it was refused. */
export type Join<Item, Result> = (item: Item) => Promise<Result>;

/** What became of a commit. */
export type Committed =
  | {
      readonly kind: "written";
      readonly results: readonly OperationResult[];
      /** Called once memory is what was written, before anything else is drafted. */
      applied(): void;
    }
  /** Nothing was written: it was drafted from memory that is not what the store holds any more. */
  | { readonly kind: "outdated" };

/** What a commit writes. */
export type CommitRequest = Pick<Draft<unknown>, "changes"> & {
  readonly operations: readonly Operation[];
  /** Whether it has to see all that the commits before it wrote. */
  readonly isExclusive: boolean;
};

/** What the group commit needs of an engine. */
export type CommitEngine = {
  /** Commits that may be under way at once. They end in the order in which they were begun. */
  readonly commitsMax: number;
  /**
   * Whether a commit may be begun beside another with fewer items than that one has. Not where most of what a commit takes is the
   * same however few they are: those that wait are better off in the next one.
   */
  readonly takesFewBeside: boolean;
  /** Whether the caller is inside a transaction, where waiting for a commit would be waiting for itself. */
  isInTransaction(): boolean;
  /** Whether somebody else waits for the writer. */
  isWanted(): boolean;
  /** Holds the writer while `work` runs. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** Writes all of it in one durable transaction, or nothing. The writer is held. Called in the turn in which it was drafted. */
  commit(request: CommitRequest): Promise<Committed>;
  /** Tells which rows somebody else's transaction holds, after a commit waited for one in vain. */
  readonly held: AskHeld;
  /** Brings memory up to date, after a commit was outdated. The writer is held, and no commit is under way. */
  catchUp(): Promise<void>;
  /** Called while the writer is still held, after what was committed has been answered. Must not throw. */
  maintain(): Promise<void>;
};

/** What is told of every commit. */
export type CommitObserver = {
  committed(commit: { items: number; durationMs: number }): void;
  commitFailed(failure: { items: number; error: unknown }): void;
};

/** What is told when the fate of a commit is unknown, because its answer was lost. */
export type InterruptionListener = () => void;

/** Drafts of the same items from memory that turned out to be outdated. Each time somebody else made a change. */
const outdatedMax = 5;

/** How often one commit is written again without those that it waited for. */
const waitsMax = 2;

/** Commits after which the writer is given to somebody else who wants it. */
const turnCommitsMax = 8;

const itemsOf = (shares: readonly Share[]): number => shares.reduce((sum, { taken }) => sum + taken.length, 0);

/** Whose operation a commit waited with in vain. */
type Wait = { readonly share: Share; readonly error: HeldError };

type Drafted = { readonly share: Share; readonly draft: Draft<unknown> };

const waitingIn = (drafts: readonly Drafted[], operation: number): Share | undefined => {
  let next = 0;
  return drafts.find(({ draft }) => (next += draft.operations.length) > operation)?.share;
};

/** What is not, or not only, about rows of some: who could be written is not known. */
const unavailable = ({ error }: Wait): StoreError => new StoreError("unavailable", error.message, { cause: error });

const isAnyExclusive = (shares: readonly Share[]): boolean => shares.some(({ batcher }) => batcher.overlaps !== true);

/**
 * Group commit: while one commit runs, what arrives waits; when it ends, all that waits goes in the next one. No timer,
 * and no delay when idle. What may overlap is handed to the engine after each round of the event loop, so that
 * neither waits for the other. A batch that fails is split in halves until the one bad item stands alone and is
 * refused alone; one that waits for a row which somebody else holds is found by asking; when the store as a whole is
 * unavailable, all are refused at once.
 */
export class GroupCommit {
  readonly #engine: CommitEngine;
  readonly #observer: CommitObserver;
  readonly #clock: Pick<Clock, "monotonicMs" | "soon">;
  readonly #shares = new Shares();
  readonly #held: HeldRows;
  readonly #listeners: InterruptionListener[] = [];
  #running: Promise<void> | null = null;
  /** Commits that are under way, and whether one of them holds items that no other may be drafted beside. */
  #underWay = 0;
  #isExclusive = false;
  /** Items of the commit that was begun last. */
  #begunItems = 0;
  /** Those of them that are with the engine, and whoever waits until there are none. */
  #writing = 0;
  #idle: PromiseWithResolvers<void> = Promise.withResolvers();
  #catchUp: Promise<void> | null = null;
  #maintaining = 0;
  /** Resolves when there may be something to begin: a commit ended, or items arrived. */
  #change: PromiseWithResolvers<void> = Promise.withResolvers();
  #isLookDue = false;
  /** Items of commits that are on disk, and their results, until whoever waits for them is told. */
  #written: { item: Waiting; result: unknown }[] = [];

  constructor(engine: CommitEngine, observer: CommitObserver, clock: Pick<Clock, "monotonicMs" | "soon">) {
    this.#engine = engine;
    this.#observer = observer;
    this.#clock = clock;
    this.#held = new HeldRows(engine.held, clock);
  }

  /** Opens a line of its own for one kind of item. Lines are written in the order in which they were opened. */
  line<Item, Result>(batcher: Batcher<Item, Result>): Join<Item, Result> {
    const waiting = this.#shares.open(batcher);
    return (item) =>
      new Promise<Result>((resolve, reject) => {
        if (this.#engine.isInTransaction()) {
          throw new StoreError("misuse", `"${batcher.name}" was joined inside a transaction; join after it`);
        }
        waiting.push({ item, resolve, reject });
        if (this.#running === null) this.#start();
        else if (batcher.overlaps === true) this.#lookSoon();
      });
  }

  /** Calls `listener` after each commit whose answer was lost: it may have been written, and nobody was told. */
  onInterrupted(listener: InterruptionListener): void {
    this.#listeners.push(listener);
  }

  /** Tells the listeners that a commit's answer was lost, of a batch or of any other transaction. */
  interrupted(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Resolves when nothing waits and nothing is being written. */
  async settled(): Promise<void> {
    while (this.#running) await this.#running;
  }

  #start(): void {
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (!this.#shares.isEmpty) this.#start();
    });
  }

  async #run(): Promise<void> {
    // Everything that arrived in the same turn of the event loop shares the commit.
    await Promise.resolve();
    while (!this.#shares.isEmpty) await this.#engine.hold(() => this.#turn());
  }

  /** Commits until nothing waits any more, or until somebody else has waited long enough for the writer. */
  async #turn(): Promise<void> {
    for (let begun = 0; ;) {
      const mayBegin = begun < turnCommitsMax || !this.#engine.isWanted();
      const shares = mayBegin ? this.#next() : [];
      if (shares.length > 0) {
        begun += 1;
        void this.#commit(shares);
      } else if (this.#underWay > 0) {
        await this.#change.promise;
        this.#change = Promise.withResolvers();
      } else return;
    }
  }

  /** What the next commit is made of; nothing when it has to wait for one that is under way. */
  #next(): readonly Share[] {
    if (this.#underWay >= this.#engine.commitsMax || this.#maintaining > 0 || this.#catchUp !== null) return [];
    const overlappingOnly = this.#underWay > 0 && this.#isExclusive;
    const isAlone = this.#underWay === 0 || this.#engine.takesFewBeside;
    if (!isAlone && this.#shares.count(overlappingOnly) < this.#begunItems) return [];
    return this.#shares.take(overlappingOnly);
  }

  async #commit(shares: readonly Share[]): Promise<void> {
    const isExclusive = isAnyExclusive(shares);
    if (isExclusive) this.#isExclusive = true;
    this.#underWay += 1;
    this.#begunItems = itemsOf(shares);
    await this.#write(shares);
    if (isExclusive) this.#isExclusive = false;
    this.#maintaining += 1;
    await this.#engine.maintain();
    this.#maintaining -= 1;
    this.#underWay -= 1;
    this.#change.resolve();
  }

  /** What arrives in one round of the event loop goes together, while a commit is under way anyway. */
  #lookSoon(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    this.#clock.soon(() => {
      this.#isLookDue = false;
      this.#change.resolve();
    });
  }

  async #write(all: readonly Share[]): Promise<void> {
    let shares = all;
    try {
      // Who cannot be asked is not waited for: the commit will tell.
      if (this.#held.isAny) shares = await this.#withoutHeld(all).catch(() => all);
      for (let waits = 1; ; waits += 1) {
        const wait = await this.#writeWhole(shares);
        if (wait === null) return;
        if (waits > waitsMax) throw unavailable(wait);
        shares = await this.#withoutWaiting(shares, wait);
      }
    } catch (error) {
      await this.#refuse(shares, itemsOf(shares), error);
    }
  }

  /** Gives null once it is written, or what it waited for in vain. */
  async #writeWhole(shares: readonly Share[]): Promise<Wait | null> {
    if (shares.length === 0) return null;
    for (let tries = 0; tries < outdatedMax; tries += 1) {
      while (this.#catchUp !== null) await this.#catchUp.catch(() => null);
      const written = await this.#writeOnce(shares, itemsOf(shares));
      if (written !== "outdated") return written;
      await this.#becomeCurrent();
    }
    throw new StoreError("unavailable", "what others change is ahead of this process again and again; try later");
  }

  /** Refuses what changes rows that somebody holds, and gives the others. */
  async #withoutHeld(shares: readonly Share[]): Promise<readonly Share[]> {
    const { held, free } = await this.#held.split(shares);
    const error = new StoreError("held", "another transaction holds a row that this changes");
    for (const { reject } of held) reject(error);
    return free;
  }

  /**
   * Refuses those that a commit waited for: the items that are found by asking or, of a line that does not tell its rows, all.
   * @throws {StoreError} when a line tells them and none is held: what was waited for is not a row.
   */
  async #withoutWaiting(shares: readonly Share[], wait: Wait): Promise<readonly Share[]> {
    const { share, error } = wait;
    this.#observer.commitFailed({ items: itemsOf(shares), error });
    const free = await this.#withoutHeld(shares);
    const own = free.find(({ batcher }) => batcher === share.batcher);
    if (own === undefined || own.taken.length < share.taken.length) return free;
    if (share.batcher.rows !== undefined) throw unavailable(wait);
    for (const { reject } of share.taken) reject(error);
    return free.filter((each) => each !== own);
  }

  async #writeOnce(shares: readonly Share[], items: number): Promise<Wait | "outdated" | null> {
    const startedMs = this.#clock.monotonicMs();
    const drafts: Drafted[] = [];
    const abandon = (): void => {
      for (const { draft } of drafts) draft.abandoned?.();
    };
    let done: Committed;
    this.#writing += 1;
    try {
      for (const share of shares) {
        drafts.push({ share, draft: share.batcher.draft(share.taken.map(({ item }) => item)) });
      }
      done = await this.#engine.commit({
        operations: drafts.flatMap(({ draft }) => draft.operations),
        isExclusive: isAnyExclusive(shares),
        ...(drafts.some(({ draft }) => draft.changes !== undefined) ? { changes: "routing" } : {}),
      });
    } catch (error) {
      abandon();
      this.#wrote();
      const share = error instanceof HeldError ? waitingIn(drafts, error.operation) : undefined;
      if (error instanceof HeldError && share !== undefined) return { share, error };
      throw error;
    }
    if (done.kind === "written") {
      this.#observer.committed({ items, durationMs: this.#clock.monotonicMs() - startedMs });
      this.#finish(drafts, done.results);
      done.applied();
    } else abandon();
    this.#wrote();
    return done.kind === "written" ? null : "outdated";
  }

  #wrote(): void {
    this.#writing -= 1;
    if (this.#writing === 0) this.#idle.resolve();
  }

  #finish(drafts: readonly Drafted[], results: readonly OperationResult[]): void {
    let resultsUsed = 0;
    for (const { share, draft } of drafts) {
      const own = results.slice(resultsUsed, resultsUsed + draft.operations.length);
      resultsUsed += draft.operations.length;
      const outcomes = draft.committed(own);
      for (const [index, item] of share.taken.entries()) this.#tell(item, outcomes[index]);
    }
  }

  /** Commits that found themselves outdated together share one look. What others still write must be in memory before it. */
  #becomeCurrent(): Promise<void> {
    const run = async (): Promise<void> => {
      try {
        this.#idle = Promise.withResolvers();
        if (this.#writing > 0) await this.#idle.promise;
        await this.#engine.catchUp();
      } finally {
        this.#catchUp = null;
        // In the next round: those who waited for this go first.
        this.#lookSoon();
      }
    };
    return (this.#catchUp ??= run());
  }

  /**
   * Tells whoever waits, once the next commit is on its way: what they do then takes the event loop as long as a commit
   * takes the writer's thread, and neither should wait for the other.
   */
  #tell(item: Waiting, result: unknown): void {
    this.#written.push({ item, result });
    if (this.#written.length > 1) return;
    // Runs when all promises that are settled now have been followed, and so after the next commit was handed over.
    process.nextTick(() => {
      const written = this.#written;
      this.#written = [];
      for (const { item: waiting, result: own } of written) waiting.resolve(own);
    });
  }

  async #refuse(shares: readonly Share[], items: number, error: unknown): Promise<void> {
    if (items === 1 || isPassing(error)) {
      this.#observer.commitFailed({ items, error });
      for (const { taken } of shares) for (const { reject } of taken) reject(error);
      if (isInterrupted(error)) this.interrupted();
      return;
    }
    for (const half of halvesOf(shares, items)) await this.#write(half);
  }
}
