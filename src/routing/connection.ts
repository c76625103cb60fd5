import type { Id } from "../lib/ids.ts";

/** A road from a source to a destination. */
export type Connection = {
  readonly id: Id;
  readonly teamId: Id;
  readonly envId: Id;
  readonly sourceId: Id;
  readonly destinationId: Id;
  /** Names of the event types that may pass: exact, or `invoice.*`. Null: all pass. Empty: none does. */
  readonly eventFilter: readonly string[] | null;
};

/** Whether a filter lets an event of this type pass. An event without a type passes only where all do. */
export const passes = (filter: readonly string[] | null, eventType: string | null): boolean => {
  if (filter === null) return true;
  if (eventType === null) return false;
  return filter.some((name) => (name.endsWith(".*") ? eventType.startsWith(name.slice(0, -1)) : name === eventType));
};
