import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

import jsonata from "jsonata";
import { afterAll, describe, expect, test } from "vitest";

import { systemClock } from "../../src/lib/clock.ts";
import { runMsMax, valuesMiBMax } from "../../src/transforms/limits.ts";
import { createTransformer } from "../../src/transforms/transformer.ts";
import { inputOf, outcomeOf } from "../support/transformer.ts";

/**
 * JSONata's own test suite, through the processes that deliveries use. The package does not ship it, and no other package on npm
 * does: it is kept beside this file as the source distribution of Python's jsonata2py 0.1.3 has it, one case a line, with the
 * expressions of files of their own put in and without names and descriptions. All of it passes on JSONata 2.2.2 by itself.
 * https://github.com/jsonata-js/jsonata/blob/master/test/test-suite/TESTSUITE.md
 */
type Case = {
  readonly expr: string;
  readonly data?: unknown;
  /** Null: the input is nothing. */
  readonly dataset?: string | null;
  readonly bindings?: Readonly<Record<string, unknown>>;
  readonly result?: unknown;
  readonly undefinedResult?: true;
  readonly code?: string;
  readonly error?: { readonly code: string };
  /** The order of an array says nothing. */
  readonly unordered?: true;
};

const read = (name: string): string => readFileSync(new URL(`suite/${name}.json`, import.meta.url), "utf8");

const cases: Record<string, Case> = JSON.parse(read("cases"));
const datasets: Record<string, unknown> = JSON.parse(read("datasets"));

const nullInput = "its input is nothing, and a body that is not JSON is null here";
const depth = "it expects the suite's own bound of 302 nested calls; here time and memory are what is bounded";

/** Cases that come out differently, and why. No case needs a function or an option that is not offered. */
const different: Readonly<Record<string, string>> = {
  "descendent-operator/case016": nullInput,
  "encoding/case001": nullInput,
  "encoding/case003": nullInput,
  "function-string/case022": nullInput,
  "function-trim/case002": nullInput,
  "transform/case022": nullInput,
  "tail-recursion/case002": depth,
};

/** Cases of volume. Whether the time of a transform is enough for them is up to the machine: they come out right, or are cut off. */
const large: ReadonlySet<string> = new Set([
  "flattening/large/0",
  "flattening/large/1",
  "performance/case000",
  "performance/case001",
]);

/** What the suite's runner throws when it has waited, or gone down, for long enough. */
const runnersBound = "U1001";

const tooLong = `the transform took more than ${runMsMax} ms of processor time`;
const tooLarge = `the transform used more than ${valuesMiBMax} MiB of memory`;

const dataOf = ({ data, dataset }: Case): unknown =>
  data === undefined && typeof dataset === "string" ? datasets[dataset] : data;

/** What the language says of a case by itself. What it throws is no `Error`. */
const complaintOf = async (each: Case): Promise<{ readonly code?: unknown; readonly message?: unknown }> => {
  try {
    return { message: `gave ${String(await jsonata(each.expr).evaluate(dataOf(each), each.bindings))}` };
  } catch (error) {
    return error as object;
  }
};

const transformer = createTransformer(systemClock);
afterAll(() => transformer.close());

const run = async (name: string, expression: string, data: unknown): Promise<unknown> =>
  outcomeOf(await transformer.transform(name, expression, inputOf(data === undefined ? "" : JSON.stringify(data))));

const sorted = (value: unknown): unknown =>
  Array.isArray(value) ? value.map((item) => JSON.stringify(item)).toSorted() : value;

/** A result of any kind as the object that a transform has to give, with bindings as assignments. */
const asObject = ({ expr, bindings = {} }: Case): string => {
  const bound = Object.entries(bindings).map(([variable, value]) => `$${variable} := ${JSON.stringify(value)};`);
  return `(${bound.join("")} $outcome := (${expr}); {"result": $outcome})`;
};

/** What is wrong with how a case comes out, or null. */
const problemOf = async (name: string, each: Case): Promise<string | null> => {
  const code = each.code ?? each.error?.code;
  if (code === undefined) {
    const outcome = await run(name, asObject(each), dataOf(each));
    if (large.has(name) && outcome === tooLong) return null;
    const result = outcome !== null && typeof outcome === "object" && "result" in outcome ? outcome.result : undefined;
    const isRight = each.unordered
      ? isDeepStrictEqual(sorted(result), sorted(each.result))
      : isDeepStrictEqual(outcome, each.undefinedResult ? {} : { result: each.result });
    return isRight ? null : `gave ${JSON.stringify(outcome)}`;
  }
  const outcome = await run(name, each.expr, dataOf(each));
  const given = `gave ${JSON.stringify(outcome)}`;
  if (code === runnersBound) return outcome === tooLong || outcome === tooLarge ? null : given;
  const complaint = await complaintOf(each);
  if (complaint.code !== code) return `the language gives ${String(complaint.code)} itself`;
  return outcome === complaint.message ? null : given;
};

const groups = Map.groupBy(Object.entries(cases), ([name]) => name.slice(0, name.indexOf("/")));

describe("JSONata's own tests of", () => {
  test.for([...groups])("%s", async ([, all]) => {
    const outcomes = await Promise.all(
      all.map(async ([name, each]) => ({ name, problem: await problemOf(name, each), isListed: name in different })),
    );
    const wrong = outcomes.filter(({ problem, isListed }) => problem !== null && !isListed);
    expect(wrong.map(({ name, problem }) => `${name}: ${problem}`)).toEqual([]);
    const passing = outcomes.filter(({ problem, isListed }) => problem === null && isListed);
    expect(passing.map(({ name }) => `${name} passes: take it off the list`)).toEqual([]);
  });

  test("everything, as many as there were", () => {
    expect(Object.keys(cases)).toHaveLength(1665);
    expect([...Object.keys(different), ...large].filter((name) => !(name in cases))).toEqual([]);
  });
});
