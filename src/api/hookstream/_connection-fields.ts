import { z } from "zod";

import type { Id } from "../../lib/ids.ts";
import type { ConnectionDraft, ConnectionSettings } from "../../routing/change-connections.ts";
import { plainConnection } from "../../routing/connection.ts";
import { settleTransform, type TransformSettings } from "../../routing/decide-connection.ts";
import { type FilterRule, filterRules } from "../../routing/filter-rule.ts";
import { expressionCharsMax } from "../../transforms/transform.ts";
import { present, requiredTextField, textField } from "../fields.ts";
import { idField, placeFields } from "./_fields.ts";
import { flagField, fromJson } from "./_json-fields.ts";
import { refused, settled, type Settled } from "./_settled.ts";

const nameCharsMax = 255;
const descriptionCharsMax = 2_000;
const eventTypesMax = 500;
const eventTypeCharsMax = 255;

/** The fields of a connection's body as they are sent. Null stands for nothing: on POST as if absent, on PATCH to reset. */
export type SentConnection = {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly enabled?: boolean | null | undefined;
  readonly status?: "active" | "paused" | "disabled" | null | undefined;
  readonly filter_rules?: readonly FilterRule[] | null | undefined;
  readonly transform_enabled?: boolean | null | undefined;
  readonly transform_expression?: string | null | undefined;
  readonly event_types?: readonly string[] | null | undefined;
};

type Ends = { readonly source_id: Id; readonly destination_id: Id };

const nameField = requiredTextField(nameCharsMax).describe("Connection name.");

/** Rules as JSON, or as the JSON text that answers show. */
export const rulesField: z.ZodType<readonly FilterRule[]> = fromJson(filterRules).meta({
  type: "array",
  items: {
    type: "object",
    required: ["field", "op"],
    properties: {
      field: { type: "string" },
      op: { enum: ["eq", "neq", "contains", "gt", "gte", "lt", "lte", "exists", "in"] },
      value: {},
    },
  },
});

/** JSONata. */
export const expressionField: z.ZodType<string> = textField(expressionCharsMax);

const restFields = {
  ...placeFields,
  description: textField(descriptionCharsMax).nullish(),
  enabled: flagField.nullish().describe("While it is off, nothing new goes along it. Default: true."),
  status: z
    .enum(["active", "paused", "disabled"])
    .nullish()
    .describe("The same as `enabled` in words. `paused` is as good as `disabled`, and shown so."),
  filter_rules: rulesField
    .nullish()
    .describe(
      "`{field, op, value}`; all must hold. Fields: `payload.*`, `headers.*`, `query.*`, `method`, `content_type`, " +
        "`source_ip`. Nothing is converted. A path into an array means any of its elements.",
    ),
  transform_enabled: flagField.nullish().describe("Default: once there is an expression."),
  transform_expression: expressionField
    .nullish()
    .describe(
      "JSONata. `$` is the JSON body; `$headers`, `$method`, `$query` and `$event` are there as well. What it gives must be " +
        "an object, and is sent in place of the body. One that fails ends the delivery.",
    ),
  event_types: fromJson(z.array(requiredTextField(eventTypeCharsMax).regex(/^[^*]+(\.\*)?$/)).max(eventTypesMax))
    .meta({ type: "array", items: { type: "string" } })
    .nullish()
    .describe("Event types that may pass: exact names, or `invoice.*`. Empty or null: all."),
};

/** The body that makes a connection. */
export const newConnectionFields: z.ZodType<SentConnection & Ends & { readonly name: string }> = z.object({
  source_id: idField,
  destination_id: idField,
  name: nameField,
  ...restFields,
});

/** The body that changes one: only what is there counts. Its two ends stay. */
export const connectionChangeFields: z.ZodType<SentConnection> = z.object({
  name: nameField.optional(),
  ...restFields,
});

const listOrNull = <Item>(list: readonly Item[] | null | undefined): readonly Item[] | null | undefined =>
  list?.length === 0 ? null : list;

const enabledAfter = ({ enabled, status }: SentConnection): Settled<boolean | undefined> => {
  const byStatus = status === undefined || status === null ? status : status === "active";
  if (typeof enabled === "boolean" && typeof byStatus === "boolean" && enabled !== byStatus) {
    return refused("status", "contradicts enabled");
  }
  if (enabled === undefined && byStatus === undefined) return settled(undefined);
  return settled(enabled ?? byStatus ?? true);
};

/** What a body changes of a connection, or what is wrong with it. Its expression is still to be read. */
export const settleConnection = (
  sent: SentConnection,
  now: TransformSettings = plainConnection,
): Settled<Partial<ConnectionSettings>> => {
  const enabled = enabledAfter(sent);
  if (enabled.kind === "refused") return enabled;
  const { transform_enabled: transforms, transform_expression: expression } = sent;
  const transform = settleTransform({ enabled: transforms, expression }, now);
  if (transform === null) return refused("transform_expression", "is required to transform");
  return settled({
    ...transform,
    ...present({
      name: sent.name,
      description: sent.description,
      enabled: enabled.value,
      eventFilter: listOrNull(sent.event_types),
      filterRules: listOrNull(sent.filter_rules),
    }),
  });
};

/** The connection that a body makes, or what is wrong with it. */
export const settleNewConnection = (sent: SentConnection & Ends): Settled<ConnectionDraft> => {
  const result = settleConnection(sent);
  if (result.kind === "refused") return result;
  return settled({ ...result.value, sourceId: sent.source_id, destinationId: sent.destination_id });
};
