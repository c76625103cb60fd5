import type { Id } from "../lib/ids.ts";
import type { FilterRule } from "./filter-rule.ts";

/** A road from a source to a destination. */
export type Connection = {
  readonly id: Id;
  readonly teamId: Id;
  readonly envId: Id;
  readonly sourceId: Id;
  readonly destinationId: Id;
  /** Names of the event types that may pass: exact, or `invoice.*`. Null: all pass. Empty: none does. */
  readonly eventFilter: readonly string[] | null;
  /** Null: it has none, and is called after its destination. */
  readonly name: string | null;
  readonly description: string | null;
  /** While it is off, nothing new goes along it. */
  readonly enabled: boolean;
  /** All of them must hold. Null: everything passes. */
  readonly filterRules: readonly FilterRule[] | null;
  readonly transformEnabled: boolean;
  /** JSONata. Null: bodies are sent as they came. */
  readonly transformExpression: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** What a connection has that was made with its destination. */
export const plainConnection: Pick<
  Connection,
  "name" | "description" | "enabled" | "filterRules" | "transformEnabled" | "transformExpression"
> = {
  name: null,
  description: null,
  enabled: true,
  filterRules: null,
  transformEnabled: false,
  transformExpression: null,
};

/** Whether a filter lets an event of this type pass. An event without a type passes only where all do. */
export const passes = (filter: readonly string[] | null, eventType: string | null): boolean => {
  if (filter === null) return true;
  if (eventType === null) return false;
  return filter.some((name) => (name.endsWith(".*") ? eventType.startsWith(name.slice(0, -1)) : name === eventType));
};
