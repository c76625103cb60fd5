import type { Answer } from "./_protocol.ts";
import { errorCharsMax, resultBytesMax, resultDepthMax } from "./limits.ts";

const failed = (error: string): Answer => ({
  kind: "failed",
  error: error.length > errorCharsMax ? `${error.slice(0, errorCharsMax)}…` : error,
});

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** The language's functions are objects with a mark, and with something that no JSON holds. */
const isFunction = (value: unknown): boolean => {
  if (typeof value === "function") return true;
  if (!isObject(value)) return false;
  if ("_jsonata_function" in value) return "implementation" in value && typeof value.implementation === "function";
  if (!("_jsonata_lambda" in value && "environment" in value && isObject(value.environment))) return false;
  return "bind" in value.environment && typeof value.environment.bind === "function";
};

const kindOf = (result: unknown): string => {
  if (result === undefined) return "nothing";
  if (result === null) return "null";
  if (isFunction(result)) return "a function";
  return Array.isArray(result) ? "an array" : `a ${typeof result}`;
};

/** What a result must not hold, and where, from the outside in. */
type Stray = { readonly what: "deep" | "function"; readonly path: readonly string[] };

/** Written anyway, functions would be lost, or show what they are made of. */
const strayIn = (value: unknown, depth = 0): Stray | null => {
  if (isFunction(value)) return { what: "function", path: [] };
  if (!isObject(value)) return null;
  if (depth === resultDepthMax) return { what: "deep", path: [] };
  const values: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  // Without pairs or names of them all: there may be millions.
  for (let index = 0; index < values.length; index += 1) {
    const stray = strayIn(values[index], depth + 1);
    if (stray !== null) return { ...stray, path: [Object.keys(value)[index] ?? "", ...stray.path] };
  }
  return null;
};

const complaintOf = ({ what, path }: Stray): string =>
  what === "deep"
    ? `the transform gave what is nested more than ${resultDepthMax} deep`
    : `the transform must give JSON, and gave a function as ${path.join(".")}`;

/** What an expression's result comes to. Throws when it is too large to be written. */
export const toAnswer = (result: unknown): Answer => {
  if (!isObject(result) || Array.isArray(result) || isFunction(result)) {
    return failed(`the transform must give an object, and gave ${kindOf(result)}`);
  }
  const stray = strayIn(result);
  if (stray !== null) return failed(complaintOf(stray));
  const body = Buffer.from(JSON.stringify(result));
  if (body.byteLength > resultBytesMax) return failed(`the transform gave more than ${resultBytesMax} bytes`);
  return { kind: "transformed", body };
};

/** What an expression's failure comes to. What the language throws is no `Error`, but has a message; what the engine throws is one. */
export const toFailure = (error: unknown): Answer => {
  if (error instanceof RangeError) {
    return error.message === "Maximum call stack size exceeded"
      ? failed("the transform calls itself, or is nested, too deeply")
      : failed(`the transform makes a value that is too large: ${error.message}`);
  }
  const message = isObject(error) && "message" in error ? error.message : null;
  return failed(typeof message === "string" ? message : "the expression failed");
};
