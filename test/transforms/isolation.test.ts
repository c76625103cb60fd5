import { fork } from "node:child_process";
import { once } from "node:events";

import { afterAll, describe, expect, onTestFinished, test } from "vitest";

import { systemClock } from "../../src/lib/clock.ts";
import { confinedFlags } from "../../src/transforms/_confine.ts";
import { createTransformer } from "../../src/transforms/transformer.ts";
import { inputOf, outcomeOf } from "../support/transformer.ts";

const transformer = createTransformer(systemClock);
afterAll(() => transformer.close());

// One after the other: all of them find the same process.
const transformed = async (owner: string, expression: string, body = "{}"): Promise<unknown> =>
  outcomeOf(await transformer.transform(owner, expression, inputOf(body)));

const secret = '{"secret":"of somebody else"}';

describe("an expression changes nothing for the next one:", () => {
  test.for([
    ["a variable", "($leak := 1; {})", "{ 'a': $leak }", {}],
    ["its input", "($ ~> |$|{ 'x': 1 }|)", "{ 'a': x }", {}],
    [
      "what a function does",
      '({} ~> |$sum|{ "implementation": function($x){ "taken over" } }|; {})',
      "{ 'a': $sum([1, 2]) }",
      { a: 3 },
    ],
    [
      "what a function was given before",
      '({} ~> |$sum|{ "implementation": function(){ $$.secret } }|; {})',
      "{ 'a': $sum([1, 2]) }",
      { a: 3 },
    ],
    ["that it is a function", '({} ~> |$sum|{ "_jsonata_function": false }|; {})', "{ 'a': $sum([1, 2]) }", { a: 3 }],
    ["that it is there", '({} ~> |$sum|{}, "implementation"|; {})', "{ 'a': $sum([1, 2]) }", { a: 3 }],
    [
      "what a function passes on to it",
      '($kept := {}; {} ~> |$string|{ "implementation": function($x){ ({} ~> |$kept|{ "it": $x }|; "kept") } }|; {})',
      "{ 'a': $string($.secret) }",
      { a: "of somebody else" },
    ],
    [
      "how functions are chained",
      "({} ~> |$uppercase ~> $trim|{ 'body': 1 }|; {})",
      "{ 'a': ' b ' ~> ($uppercase ~> $trim) }",
      { a: "B" },
    ],
    [
      "what time it is",
      '({} ~> |$millis|{ "implementation": function(){ 0 } }|; {})',
      "{ 'a': $millis() > 0 }",
      { a: true },
    ],
    ["what objects have", '{ "__proto__": { "x": 1 } }', "{ 'a': {}.x, 'b': $.x }", {}],
    ["what objects have, by an update", '($ ~> |$|{ "__proto__": { "x": 1 } }|; {})', "{ 'a': {}.x, 'b': $.x }", {}],
    [
      "what objects have, by merging",
      '$merge([{ "__proto__": { "x": 1 } }, { "constructor": { "prototype": { "x": 1 } } }])',
      "{ 'a': {}.x, 'b': $.constructor, 'c': $.__proto__ }",
      {},
    ],
    [
      "what it is called",
      "($mine := $uppercase; $mine('a'); {})",
      "[1] ~> $uppercase",
      expect.not.stringContaining("mine"),
    ],
    // Parts of an array or object are begun all at once; when one fails the others go on.
    ["the time it has", '[$error("x"), ($f := function($x){ $f($x + 1) }; $f(1))]', "{ 'a': 1 }", { a: 1 }],
  ] as const)("%s", async ([, first, next, expected]) => {
    expect(await transformed("one", first, secret)).toEqual(expect.anything());
    expect(await transformed("another", next, secret)).toEqual(expected);
  });
});

test("an expression finds nothing of the gateway: no globals, no prototypes, no environment", async () => {
  const found =
    '{ "p": process, "g": globalThis, "r": require, "c": constructor, "o": $.__proto__, "f": $sum.constructor }';
  expect(await transformed("one", found)).toEqual({});
  expect(await transformed("one", '$eval("process")')).toMatch(/gave nothing/);
  expect(await transformed("one", '{ "keys": $keys($), "all": [**] }')).toEqual({ all: [{}] });
});

test("names that objects have by birth are names like others", async () => {
  const body = '{"__proto__":{"a":1},"constructor":"c","toString":"t","hasOwnProperty":"h","length":2}';
  expect(JSON.stringify(await transformed("one", "$", body))).toBe(body);
  expect(
    await transformed("one", '{ "c": constructor, "t": toString, "n": `__proto__`.a, "l": length }', body),
  ).toEqual({
    c: "c",
    t: "t",
    n: 1,
    l: 2,
  });
});

test("should the language have a hole, it leads nowhere: the process may not read, write, connect or start anything", async () => {
  const child = fork(new URL("_try-powers.ts", import.meta.url).pathname, {
    execArgv: [...confinedFlags],
    env: {},
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  onTestFinished(() => void child.kill());
  const [powers] = (await once(child, "message")) as unknown[];
  expect(powers).toEqual({
    "reads a file": "ERR_ACCESS_DENIED",
    "writes a file": "ERR_ACCESS_DENIED",
    connects: "ERR_ACCESS_DENIED",
    "starts a thread": "ERR_ACCESS_DENIED",
    "starts a program": "ERR_ACCESS_DENIED",
    "has an environment": "nothing of it",
  });
});
