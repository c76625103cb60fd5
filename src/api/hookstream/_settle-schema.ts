import type { SchemaAction, SchemaRule } from "../../routing/source.ts";
import { after, refused, settled, type Settled } from "./_settled.ts";
import type { CheckSchema } from "./ports.ts";

/** What a request says of the schema. Absent: nothing. Null: as if it had never been said. */
export type SchemaSent = {
  readonly enabled?: boolean | null | undefined;
  /** JSON text. */
  readonly json?: string | null | undefined;
  readonly action?: SchemaAction | null | undefined;
};

/** It is on as soon as there is a schema, unless it is said otherwise. */
export const settleSchema = (now: SchemaRule, sent: SchemaSent, checkSchema: CheckSchema): Settled<SchemaRule> => {
  const json = after(sent.json, now.json);
  const byJson = sent.json === undefined ? now.enabled : sent.json !== null;
  const enabled = sent.enabled ?? byJson;
  if (enabled && json === null) return refused("json_schema", "is required to validate");
  const problem = json === null || json === now.json ? null : checkSchema(json);
  if (problem !== null) return refused("json_schema", problem);
  const action = after(sent.action, now.action);
  return settled({ enabled, json, action: json === null ? action : (action ?? "reject") });
};
