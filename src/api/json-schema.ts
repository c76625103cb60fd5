import { z } from "zod";

/** A JSON Schema, as OpenAPI 3.1 takes it. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** zod bounds every whole number by what JavaScript can count to: true, and of no use to a reader. */
const dropIntegerBounds = (schema: JsonSchema): void => {
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
};

/** What a reader, and a program made from the description, should rely on: no more than what the contract says. */
const prune = (schema: JsonSchema): void => {
  dropIntegerBounds(schema);
  // A format says the same as these patterns, in a word.
  if (schema.format !== undefined) delete schema.pattern;
  // Answers may get more fields.
  delete schema.additionalProperties;
  delete schema.$schema;
};

/** What may be sent (`input`), or what is answered (`output`). */
export const toJsonSchema = (schema: z.ZodType, io: "input" | "output"): JsonSchema =>
  z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: ({ jsonSchema }) => prune(jsonSchema),
  });

/** The fields that a schema of an object names, each with whether it must be there. */
export const fieldsOf = ({
  properties = {},
  required = [],
}: JsonSchema): { name: string; schema: JsonSchema; isRequired: boolean }[] =>
  Object.entries(properties).flatMap(([name, schema]) =>
    typeof schema === "boolean" ? [] : [{ name, schema, isRequired: required.includes(name) }],
  );
