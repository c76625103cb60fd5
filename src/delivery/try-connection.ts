import { type Connection, passes } from "../routing/connection.ts";
import { factsOf } from "../routing/event-facts.ts";
import type { FilterRule } from "../routing/filter-rule.ts";
import { compileFilter } from "../routing/filter.ts";
import type { Transform, Transformed } from "../transforms/transform.ts";
import { transformInput } from "./transform-body.ts";
import type { StoredEvent } from "./work.ts";

/** What a connection would do with an event. */
export type Tried = {
  /** Whether its filters let the event pass. */
  readonly passes: boolean;
  /** Each of its rules, and whether it holds. */
  readonly rules: readonly { readonly rule: FilterRule; readonly holds: boolean }[];
  /** What its transform makes of the body, whatever the filters say. Null: it has none that is on. */
  readonly transformed: Transformed | null;
};

/** Shows what a connection would do with an event, or with a sample in the shape of one. Nothing is stored or sent. */
export const tryConnection = async (
  { transform }: { readonly transform: Transform },
  connection: Connection,
  stored: StoredEvent,
): Promise<Tried> => {
  const facts = factsOf(stored.payload);
  const rules = (connection.filterRules ?? []).map((rule) => ({ rule, holds: compileFilter([rule])(facts) }));
  const isPassing = passes(connection.eventFilter, stored.event.eventType) && rules.every(({ holds }) => holds);
  const expression = connection.transformEnabled ? connection.transformExpression : null;
  if (expression === null) return { passes: isPassing, rules, transformed: null };
  const transformed = await transform(connection.id, expression, transformInput(stored));
  return { passes: isPassing, rules, transformed };
};
