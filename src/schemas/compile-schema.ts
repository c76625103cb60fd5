import { compileNodes } from "./_compile-nodes.ts";
import { defaultDraft, type Draft, draftOf, drafts } from "./_draft.ts";
import { isObject, isWithinDepth, type JsonObject, memberOf } from "./_json.ts";
import { evaluate } from "./_node.ts";
import { Run, type SchemaError } from "./_run.ts";
import { schemaCharsMax, schemaDepthMax, workMax } from "./limits.ts";

/** Whether a value is as a schema says, and if not, at most `errorsMax` reasons. */
export type Validation = { readonly valid: true } | { readonly valid: false; readonly errors: readonly SchemaError[] };

/** A schema that is ready to look at values: as many as one likes, one at a time. */
export type CompiledSchema = {
  /**
   * Looks at a value of JSON. Never throws, and takes at most `workMax`: a value that would take more, or that has more in each
   * other than `evaluationDepthMax` schemas, is not valid.
   */
  validate(value: unknown): Validation;
};

/** `message` follows the name of what holds the schema: `/properties/id/type must be …`. */
export type SchemaCompilation =
  | { readonly kind: "compiled"; readonly schema: CompiledSchema }
  | { readonly kind: "refused"; readonly message: string };

const tooMuch: SchemaError = {
  path: "",
  message: `must be simpler, or its schema: to look at it takes more than ${workMax} steps, or goes too deep`,
};

/** A copy of `value` that is JSON and nothing else, and that nobody changes; undefined when it is none. */
const copyOf = (value: unknown): { readonly text: string; readonly copy: unknown } | null => {
  try {
    const text: unknown = JSON.stringify(value);
    return typeof text === "string" ? { text, copy: JSON.parse(text) } : null;
  } catch {
    return null;
  }
};

const draftFor = (schema: JsonObject | boolean): Draft | null => {
  const named = isObject(schema) ? memberOf(schema, "$schema") : undefined;
  if (named === undefined) return defaultDraft;
  return typeof named === "string" ? draftOf(named) : null;
};

/**
 * Makes a schema of the drafts 4, 6, 7 or 2020-12, which `$schema` tells, ready for use: https://json-schema.org/specification.
 * `format` and the keywords about content are annotations, as the newest draft has it by default. Refused, beside what is no schema:
 * references out of the schema (those to the draft's own meta-schema excepted), patterns that look ahead, behind or back, and
 * what is larger than the limits. No code is made of it. Never throws.
 */
export const compileSchema = (value: unknown): SchemaCompilation => {
  const read = copyOf(value);
  if (read === null) return { kind: "refused", message: "must be a JSON Schema: an object, true or false" };
  if (read.text.length > schemaCharsMax) {
    return { kind: "refused", message: `must have at most ${schemaCharsMax} characters of JSON` };
  }
  if (!isWithinDepth(read.copy, schemaDepthMax)) {
    return {
      kind: "refused",
      message: `must not have more than ${schemaDepthMax} objects and lists inside each other`,
    };
  }
  const schema = read.copy;
  if (!isObject(schema) && typeof schema !== "boolean") {
    return { kind: "refused", message: "must be a JSON Schema: an object, true or false" };
  }
  const draft = draftFor(schema);
  if (draft === null) {
    const known = drafts.map(({ uri }) => uri).join(", ");
    return { kind: "refused", message: `/$schema must be one of ${known}` };
  }
  const compiled = compileNodes(draft, schema);
  if (compiled.kind === "refused") return compiled;
  const validate = (given: unknown): Validation => {
    const run = new Run();
    const isValid = evaluate(compiled.root, given, run, null);
    if (run.isOver) return { valid: false, errors: [...run.errors, tooMuch].slice(-1) };
    return isValid ? { valid: true } : { valid: false, errors: run.errors };
  };
  return { kind: "compiled", schema: { validate } };
};
