import type { Operation, OperationResult } from "./statement.ts";
import { isInterrupted, isPassing, StoreError } from "./store-error.ts";

/** What a batch writes, and what becomes of its items once it is on disk. */
export type Draft<Result> = {
  readonly operations: readonly Operation[];
  /** Called once the commit is on disk. Gives one result per item, in order. Must not throw. */
  committed(results: readonly OperationResult[]): readonly Result[];
  /** Called instead when nothing was written: takes back what drafting changed in memory. Must not throw. */
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
  /** Called while the writer is held, so that what it reads from memory is as of this commit. No I/O. */
  draft(items: readonly Item[]): Draft<Result>;
};

/** Adds an item to the next commit. Resolves once it is on disk; rejects when it was refused. */
export type Join<Item, Result> = (item: Item) => Promise<Result>;

type Waiting = { item: unknown; resolve(result: unknown): void; reject(error: unknown): void };
type Line = { batcher: Batcher<unknown, unknown>; waiting: Waiting[] };
type Share = { batcher: Batcher<unknown, unknown>; taken: readonly Waiting[] };

/** What the group commit needs of an engine. */
export type CommitEngine = {
  /** Whether the caller is inside a transaction, where waiting for a commit would be waiting for itself. */
  isInTransaction(): boolean;
  /** Holds the writer while `work` runs. */
  hold<T>(work: () => Promise<T>): Promise<T>;
  /** Writes all of it in one durable transaction, or nothing. The writer is held. */
  commit(operations: readonly Operation[]): Promise<readonly OperationResult[]>;
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

/**
 * Group commit: while one commit runs, what arrives waits; when it ends, all that waits goes in the next one. No timer,
 * and no delay when idle. A batch that fails is split in halves until the one bad item stands alone and is
 * refused alone; when the store as a whole is unavailable, all are refused at once.
 */
export class GroupCommit {
  readonly #engine: CommitEngine;
  readonly #observer: CommitObserver;
  readonly #monotonicMs: () => number;
  readonly #lines: Line[] = [];
  readonly #listeners: InterruptionListener[] = [];
  #running: Promise<void> | null = null;
  /** Items of commits that are on disk, and their results, until whoever waits for them is told. */
  #written: { item: Waiting; result: unknown }[] = [];

  constructor(engine: CommitEngine, observer: CommitObserver, monotonicMs: () => number) {
    this.#engine = engine;
    this.#observer = observer;
    this.#monotonicMs = monotonicMs;
  }

  /** Opens a line of its own for one kind of item. Lines are written in the order in which they were opened. */
  line<Item, Result>(batcher: Batcher<Item, Result>): Join<Item, Result> {
    const line = { batcher: batcher as unknown as Batcher<unknown, unknown>, waiting: [] as Waiting[] };
    this.#lines.push(line);
    return (item) =>
      new Promise<Result>((resolve, reject) => {
        if (this.#engine.isInTransaction()) {
          throw new StoreError("misuse", `"${batcher.name}" was joined inside a transaction; join after it`);
        }
        line.waiting.push({ item, resolve, reject });
        this.#start();
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
    if (this.#running) return;
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (this.#lines.some(({ waiting }) => waiting.length > 0)) this.#start();
    });
  }

  async #run(): Promise<void> {
    // Everything that arrived in the same turn of the event loop shares the commit.
    await Promise.resolve();
    while (this.#lines.some(({ waiting }) => waiting.length > 0)) {
      await this.#engine.hold(async () => {
        const shares = this.#lines
          .map(({ batcher, waiting }): Share => ({ batcher, taken: waiting.splice(0, countOf(batcher, waiting)) }))
          .filter(({ taken }) => taken.length > 0);
        await this.#write(shares);
        await this.#engine.maintain();
      });
    }
  }

  async #write(shares: readonly Share[]): Promise<void> {
    const startedMs = this.#monotonicMs();
    const items = shares.reduce((sum, { taken }) => sum + taken.length, 0);
    const drafts: { share: Share; draft: Draft<unknown> }[] = [];
    let results: readonly OperationResult[];
    try {
      for (const share of shares) {
        drafts.push({ share, draft: share.batcher.draft(share.taken.map(({ item }) => item)) });
      }
      results = await this.#engine.commit(drafts.flatMap(({ draft }) => draft.operations));
    } catch (error) {
      for (const { draft } of drafts) draft.abandoned?.();
      await this.#refuse(shares, items, error);
      return;
    }
    this.#observer.committed({ items, durationMs: this.#monotonicMs() - startedMs });
    let resultsUsed = 0;
    for (const { share, draft } of drafts) {
      const own = results.slice(resultsUsed, resultsUsed + draft.operations.length);
      resultsUsed += draft.operations.length;
      const outcomes = draft.committed(own);
      for (const [index, item] of share.taken.entries()) this.#tell(item, outcomes[index]);
    }
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
    for (const half of halves(shares, items)) await this.#write(half);
  }
}

/** How many of those that wait go in the next commit. */
const countOf = (batcher: Batcher<unknown, unknown>, waiting: readonly Waiting[]): number => {
  const { itemsMax, weightMax = Number.POSITIVE_INFINITY } = batcher;
  let weight = 0;
  for (const [index, { item }] of waiting.slice(0, itemsMax).entries()) {
    weight += batcher.weigh?.(item) ?? 1;
    if (index > 0 && weight > weightMax) return index;
  }
  return Math.min(itemsMax, waiting.length);
};

/** Splits what a batch holds into two batches of about the same size, in order. */
const halves = (shares: readonly Share[], items: number): readonly (readonly Share[])[] => {
  const first: Share[] = [];
  const second: Share[] = [];
  let room = Math.floor(items / 2);
  for (const { batcher, taken } of shares) {
    if (room > 0) first.push({ batcher, taken: taken.slice(0, room) });
    if (room < taken.length) second.push({ batcher, taken: taken.slice(Math.max(0, room)) });
    room -= taken.length;
  }
  return [first, second];
};
