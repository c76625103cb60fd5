import type { Clock } from "../lib/clock.ts";
import type { Id } from "../lib/ids.ts";
import type { Share, Waiting } from "./_shares.ts";

/** A row of a table, by the columns of its key. Rows of one table have the same ones, in the same order. */
export type Row = { readonly table: string; readonly key: Readonly<Record<string, Id>> };

/**
 * Tells those rows that somebody else's transaction holds now: a person's, or for a moment the batch of another process.
 * @throws {StoreError} when that cannot be found out.
 */
export type AskHeld = (rows: readonly Row[]) => Promise<readonly Row[]>;

/** Items that change a row which somebody holds, and all others. */
export type Split = { readonly held: readonly Waiting[]; readonly free: readonly Share[] };

/** What is not asked for again for so long is nobody's concern any more. */
const rememberedMs = 60_000;

/** As long as one is remembered all are asked for. */
const rememberedMax = 1_000;

const nameOf = ({ table, key }: Row): string => `${table} ${Object.values(key).join(" ")}`;

/** Rows that somebody held when they were asked for last: whoever holds some may hold others, and is asked for before anybody waits. */
export class HeldRows {
  readonly #ask: AskHeld;
  readonly #clock: Pick<Clock, "monotonicMs">;
  /** When each was asked for, oldest first. */
  readonly #known = new Map<string, number>();

  constructor(ask: AskHeld, clock: Pick<Clock, "monotonicMs">) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** Whether somebody held some of late: then a commit had better ask before it waits. */
  get isAny(): boolean {
    const sinceMs = this.#clock.monotonicMs() - rememberedMs;
    for (const [name, askedAtMs] of this.#known) {
      if (askedAtMs > sinceMs) return true;
      this.#known.delete(name);
    }
    return false;
  }

  /** Finds what changes rows that are held now. */
  async split(shares: readonly Share[]): Promise<Split> {
    const concerns = shares.flatMap(({ batcher, taken }) =>
      taken.map((waiting) => ({
        waiting,
        rows: (batcher.rows?.(waiting.item) ?? []).map((row) => [nameOf(row), row] as const),
      })),
    );
    const asked = new Map(concerns.flatMap(({ rows }) => rows));
    if (asked.size === 0) return { held: [], free: shares };
    const names = new Set((await this.#ask([...asked.values()])).map(nameOf));
    this.#remember(asked.keys(), names);
    const held = concerns.filter(({ rows }) => rows.some(([name]) => names.has(name))).map(({ waiting }) => waiting);
    const isHeld = new Set(held);
    return {
      held,
      free: shares
        .map(({ batcher, taken }) => ({ batcher, taken: taken.filter((waiting) => !isHeld.has(waiting)) }))
        .filter(({ taken }) => taken.length > 0),
    };
  }

  #remember(asked: Iterable<string>, held: ReadonlySet<string>): void {
    for (const name of asked) this.#known.delete(name);
    for (const name of held) if (this.#known.size < rememberedMax) this.#known.set(name, this.#clock.monotonicMs());
  }
}
