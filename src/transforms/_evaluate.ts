import type jsonata from "jsonata";

import { BoundedCache } from "../lib/bounded-cache.ts";
import type { Headers } from "../lib/headers.ts";
import { toAnswer, toFailure } from "./_answer.ts";
import { createLanguage } from "./_language.ts";
import type { Answer, Task } from "./_protocol.ts";
import { compiledMax } from "./limits.ts";
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

const evaluate = async (
  compiled: jsonata.Expression,
  { body, headers, method, query, event }: TransformInput,
): Promise<unknown> =>
  compiled.evaluate(parsed(body), { headers: joined(headers), method, query: parameters(query), event });

/** Makes the function that answers tasks, with the expressions that it compiled before. */
export const createEvaluator = (): ((task: Task) => Promise<Answer>) => {
  const known = new BoundedCache<string, jsonata.Expression>(compiledMax);
  /** Each owner's expression has a language of its own: whatever it does to it, it does to itself. */
  const compile = (owner: string, expression: string): jsonata.Expression => {
    const key = `${owner} ${expression}`;
    const compiled = known.get(key) ?? createLanguage()(expression);
    known.set(key, compiled);
    return compiled;
  };
  const look = createLanguage();
  return async ({ owner, expression, input }) => {
    try {
      if (input !== null) return toAnswer(await evaluate(compile(owner, expression), input));
      look(expression);
      return { kind: "transformed", body: Buffer.alloc(0) };
    } catch (error) {
      return toFailure(error);
    }
  };
};
