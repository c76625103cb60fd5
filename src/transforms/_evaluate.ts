import jsonata from "jsonata";

import { BoundedCache } from "../lib/bounded-cache.ts";
import type { Headers } from "../lib/headers.ts";
import type { Reply, Task } from "./_protocol.ts";
import { compiledMax, resultBytesMax } from "./limits.ts";
import type { TransformInput } from "./transform.ts";

const decoder = new TextDecoder();

const parsed = (body: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(body));
  } catch {
    return null;
  }
};

const joined = (headers: Headers): Record<string, string> => {
  const values = Map.groupBy(headers, ([name]) => name);
  return Object.fromEntries([...values].map(([name, all]) => [name, all.map(([, value]) => value).join(", ")]));
};

const parameters = (query: string): Record<string, string | string[]> => {
  const found = new URLSearchParams(query);
  return Object.fromEntries(
    [...new Set(found.keys())].map((name) => {
      const values = found.getAll(name);
      const [first = ""] = values;
      return [name, values.length === 1 ? first : values];
    }),
  );
};

/** What the language throws is no `Error`. */
const messageOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null || !("message" in error)) return "the expression failed";
  return typeof error.message === "string" ? error.message : "the expression failed";
};

const failed = (error: string): Reply => ({ kind: "failed", error });

/** The language's functions are objects with a mark. */
const isFunction = (result: unknown): boolean =>
  typeof result === "object" && result !== null && ("_jsonata_function" in result || "_jsonata_lambda" in result);

const kindOf = (result: unknown): string => {
  if (result === undefined) return "nothing";
  if (result === null) return "null";
  if (isFunction(result)) return "a function";
  return Array.isArray(result) ? "an array" : `a ${typeof result}`;
};

const toReply = (result: unknown): Reply => {
  const isObject = typeof result === "object" && result !== null && !Array.isArray(result) && !isFunction(result);
  if (!isObject) {
    return failed(`the transform must give an object, and gave ${kindOf(result)}`);
  }
  const body = Buffer.from(JSON.stringify(result));
  if (body.byteLength > resultBytesMax) return failed(`the transform gave more than ${resultBytesMax} bytes`);
  return { kind: "transformed", body };
};

const evaluate = async (
  compiled: jsonata.Expression,
  { body, headers, method, query, event }: TransformInput,
): Promise<unknown> =>
  compiled.evaluate(parsed(body), { headers: joined(headers), method, query: parameters(query), event });

/** Makes the function that answers tasks, with the expressions that it compiled before. */
export const createEvaluator = (): ((task: Task) => Promise<Reply>) => {
  const known = new BoundedCache<string, jsonata.Expression>(compiledMax);
  const compile = (expression: string): jsonata.Expression => {
    const compiled = known.get(expression) ?? jsonata(expression);
    known.set(expression, compiled);
    return compiled;
  };
  return async ({ expression, input }) => {
    try {
      const compiled = compile(expression);
      return input === null ? { kind: "transformed", body: Buffer.alloc(0) } : toReply(await evaluate(compiled, input));
    } catch (error) {
      return failed(messageOf(error));
    }
  };
};
