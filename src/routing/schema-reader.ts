import { BoundedCache } from "../lib/bounded-cache.ts";
import { type CompiledSchema, compileSchema } from "../schemas/compile-schema.ts";

/** Makes the schema of a JSON text ready; null when it is none, which only a newer program can have stored. */
export type ReadSchema = (json: string) => CompiledSchema | null;

/** Each is some times as large as its text, which has up to 64 KiB. */
const keptMax = 200;

const compile = (json: string): CompiledSchema | null => {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const compiled = compileSchema(value);
  return compiled.kind === "compiled" ? compiled.schema : null;
};

/** Remembers what it made ready: sources are read again whenever one of them changes, their schemas are the same. */
export const createSchemaReader = (): ReadSchema => {
  const known = new BoundedCache<string, { readonly schema: CompiledSchema | null }>(keptMax);
  return (json) => {
    const found = known.get(json);
    if (found !== undefined) return found.schema;
    const made = { schema: compile(json) };
    known.set(json, made);
    return made.schema;
  };
};
