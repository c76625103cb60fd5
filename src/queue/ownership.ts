import type { Tx } from "../db/store.ts";
import type { Id } from "../lib/ids.ts";

/**
 * How this process stands to a destination (or to a bulk replay).
 *
 * - `ours`: it alone starts attempts.
 * - `taking`: it will, once what an earlier owner had claimed is due again, and it knows what the store holds.
 * - `leaving`: what is under way ends, and nothing more starts.
 * - `theirs`: somebody else's, or nobody's.
 */
export type Standing = "ours" | "taking" | "leaving" | "theirs";

/** What lanes ask before they do anything. All of it is answered from memory. */
export type Ownership = {
  /** Whether no other process ever stores anything for what is ours. */
  readonly isAlone: boolean;
  standingOf(id: Id): Standing;
  /** Whether anything may start at all: false when this process may have been given up by the others. */
  isSure(): boolean;
  /** When, on the monotonic clock, an earlier owner may have sent for the last time. Null: there was none. */
  changedAtMs(id: Id): number | null;
  /** The same, for an earlier owner that died, and may have left an attempt under way. */
  diedAtMs(id: Id): number | null;
  /** Whether this process is what it takes itself for, and stays so until the transaction ends. Asked before claims change. */
  holds(tx: Tx): Promise<boolean>;
  /** Something of somebody else's falls due, or is wanted no more: tells its owner, and all who may hold some of it. Never waits. */
  call(id: Id): void;
};

/** Of the one process on an embedded store. */
export const ownsAll: Ownership = {
  isAlone: true,
  standingOf: () => "ours",
  isSure: () => true,
  changedAtMs: () => null,
  diedAtMs: () => null,
  holds: () => Promise.resolve(true),
  call: () => undefined,
};
