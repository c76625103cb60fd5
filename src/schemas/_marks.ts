import { workPerName } from "./_names.ts";
import type { Run } from "./_run.ts";

/** Which members and items of one value some schema has looked at, for `unevaluatedProperties` and `unevaluatedItems`. */
export type Marks = {
  readonly names: Set<string>;
  hasAllNames: boolean;
  /** So many items from the start. */
  itemCount: number;
  /** Single items, which `contains` found. */
  readonly items: Set<number>;
};

export const createMarks = (): Marks => ({ names: new Set(), hasAllNames: false, itemCount: 0, items: new Set() });

export const markAllNames = (marks: Marks | null): void => {
  if (marks !== null) Object.assign(marks, { hasAllNames: true });
};

/** The first `count` items were looked at. */
export const markItems = (marks: Marks | null, count: number): void => {
  if (marks !== null) Object.assign(marks, { itemCount: Math.max(marks.itemCount, count) });
};

/** Adds to `marks` what a schema that holds for the same value has looked at. */
export const mergeMarks = (marks: Marks | null, more: Marks | null, run: Run): void => {
  if (marks === null || more === null || marks === more) return;
  if (!run.spend((more.names.size + more.items.size) * workPerName)) return;
  for (const name of more.names) marks.names.add(name);
  for (const index of more.items) marks.items.add(index);
  if (more.hasAllNames) markAllNames(marks);
  markItems(marks, more.itemCount);
};
