import { type Html, html, nothing, prose } from "./_html.ts";
import type { JsonSchema } from "./json-schema.ts";

const isSchema = (schema: unknown): schema is JsonSchema => typeof schema === "object" && schema !== null;

/** A schema's type in a word or two: `string`, `integer or null`, `array of string`. */
export const typeOf = (schema: JsonSchema): string => {
  if (schema.anyOf !== undefined) return schema.anyOf.filter(isSchema).map(typeOf).join(" or ");
  if (Array.isArray(schema.type)) return schema.type.join(" or ");
  if (schema.type === "array") return isSchema(schema.items) ? `array of ${typeOf(schema.items)}` : "array";
  return schema.type ?? "any";
};

/** What a value may be, beside its type. */
const boundsOf = (schema: JsonSchema): string[] => {
  const inner = schema.anyOf?.filter(isSchema).flatMap(boundsOf) ?? [];
  const { enum: values, minimum, maximum, maxLength, maxItems } = schema;
  return [
    ...inner,
    ...(values === undefined ? [] : [`one of ${values.map((value) => `\`${String(value)}\``).join(" ")}`]),
    ...(minimum === undefined ? [] : [`at least ${minimum}`]),
    ...(maximum === undefined ? [] : [`at most ${maximum}`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...(maxItems === undefined ? [] : [`at most ${maxItems} entries`]),
    ...(schema.default === undefined ? [] : [`default \`${JSON.stringify(schema.default)}\``]),
  ];
};

/** One row of a table of fields. */
export type FieldRow = { readonly name: string; readonly schema: JsonSchema; readonly isRequired: boolean };

const describe = (schema: JsonSchema): string => {
  const bounds = boundsOf(schema).join(", ");
  const sentence = bounds === "" ? "" : `${bounds.charAt(0).toUpperCase()}${bounds.slice(1)}.`;
  return [schema.description ?? "", sentence].filter((part) => part !== "").join(" ");
};

const row = ({ name, schema, isRequired }: FieldRow): Html =>
  html`<tr>
    <td><code>${name}</code>${isRequired ? html` <span class="must">required</span>` : nothing}</td>
    <td>${typeOf(schema)}</td>
    <td>${prose(describe(schema))}</td>
  </tr>`;

/** A table of fields under a heading, or nothing when there are none. */
export const fieldTable = (heading: string, rows: readonly FieldRow[]): Html =>
  rows.length === 0
    ? nothing
    : html`<h4>${heading}</h4>
        <div class="wide">
          <table>
            <thead>
              <tr>
                <th>Name</th>
                <th>Type</th>
                <th>Meaning</th>
              </tr>
            </thead>
            <tbody>
              ${rows.map(row)}
            </tbody>
          </table>
        </div>`;
