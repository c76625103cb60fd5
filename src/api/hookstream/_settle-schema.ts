import type { SchemaAction, SchemaRule } from "../../routing/source.ts";
import { compileSchema } from "../../schemas/compile-schema.ts";
import { after, refused, settled, type Settled } from "./_settled.ts";

/** What a request says of the schema. Absent: nothing. Null: as if it had never been said. */
export type SchemaSent = {
  readonly enabled?: boolean | null | undefined;
  /** JSON text. */
  readonly json?: string | null | undefined;
  readonly action?: SchemaAction | null | undefined;
};

/** It is on as soon as there is a schema, unless it is said otherwise. */
export const settleSchema = (now: SchemaRule, sent: SchemaSent): Settled<SchemaRule> => {
  const json = after(sent.json, now.json);
  const byJson = sent.json === undefined ? now.enabled : sent.json !== null;
  const enabled = sent.enabled ?? byJson;
  if (enabled && json === null) return refused("json_schema", "is required to validate");
  // One that was taken before is not judged again: what is saved with it has nothing to do with it.
  if (json !== null && json !== now.json) {
    const compiled = compileSchema(JSON.parse(json));
    if (compiled.kind === "refused") return refused("json_schema", compiled.message);
  }
  const action = after(sent.action, now.action);
  return settled({ enabled, json, action: json === null ? action : (action ?? "reject") });
};
