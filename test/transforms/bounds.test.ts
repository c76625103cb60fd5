import { afterAll, describe, expect, test } from "vitest";

import { systemClock } from "../../src/lib/clock.ts";
import { createTransformer } from "../../src/transforms/transformer.ts";
import { inputOf, outcomeOf } from "../support/transformer.ts";

const transformer = createTransformer(systemClock);
afterAll(() => transformer.close());

const transformed = async (owner: string, expression: string): Promise<unknown> =>
  outcomeOf(await transformer.transform(owner, expression, inputOf("{}")));

const time = /^the transform took more than 500 ms of processor time$/;

/** Which of the two is reached first is up to the machine. */
const either = /^the transform (took more than 500 ms of processor time|used more than 128 MiB of memory)$/;
const tooDeep = /^the transform calls itself, or is nested, too deeply$/;
const tooLarge = /^the transform makes a value that is too large: /;

/** `$twice(text, n)` is a text of 2ⁿ of it, made of two halves that are the same. */
const doubling = "$twice := function($s, $n){ $n = 0 ? $s : $twice($s & $s, $n - 1) };";
/** `$pairs(value, n)` shows as 2ⁿ of it, and takes the memory of n. */
const pairs = '$pairs := function($x, $n){ $n = 0 ? $x : $pairs({ "a": $x, "b": $x }, $n - 1) };';
const backtracking = `"${"a".repeat(40)}!"`;

describe("an expression ends, and the next one runs, that", () => {
  test.for([
    ["calls itself for ever", "($f := function($x){ $f($x + 1) }; $f(1))", either],
    ["calls itself for ever and adds up", "($f := function($x){ $f($x) + 1 }; $f(1))", either],
    ["is two that call each other", "($f := function(){ $g() }; $g := function(){ $f() }; $f())", either],
    ["is made by another", '$eval("($f := function($x){ $f($x + 1) }; $f(1))")', either],
    ["goes on beside a part that failed", '[$error("x"), ($f := function($x){ $f($x + 1) }; $f(1))]', either],
    [
      "sorts by a function that never ends",
      "$sort([2, 1], function($a, $b){ ($f := function(){ $f() }; $f()) })",
      either,
    ],
    ["matches a pattern that backtracks", `$match(${backtracking}, /^(a+)+$/)`, time],
    ["replaces by one", `$replace(${backtracking}, /(a+)+$/, "b")`, time],
    ["asks whether one is there", `$contains(${backtracking}, /(a*)*b/)`, time],
    // A single step of the engine, which cannot be interrupted.
    [
      "searches a text of millions",
      `(${doubling} $a := $twice("a", 19); $contains($twice("a", 23), $a & "b" & $a))`,
      time,
    ],
    ["compares what shows as 2⁴⁰ values", `(${pairs} $pairs(1, 40) = $pairs(1, 40))`, time],
    ["gives what shows as 2⁴⁰ values", `(${pairs} $pairs({ "a": 1 }, 40))`, either],
    ["writes what shows as 2⁴⁰ values", `(${pairs} $string($pairs(1, 40)))`, either],
    ["sorts ten million numbers", "$sort([1..10000000])", either],
    // More at once than the heap has room for: V8 ends the process it happens in.
    [
      "flattens a text of 640 MB",
      '($f := function($s){ ($contains($s, "y"); $f($s & $s)) }; $f("xxxxxxxxxx"))',
      either,
    ],
    [
      "fills up to 500 MB, twice",
      '$contains($pad("x", 500000000), "y") or $contains($pad("y", 500000000), "x")',
      either,
    ],
    ["fills up to 500 MB of two bytes", String.raw`$uppercase($pad("x", 250000000, "\u20ac"))`, either],
    // Texts that V8 keeps outside its heap, and does not count.
    [
      "keeps texts outside of the heap",
      `(${doubling} $s := $twice("x", 24); { "n": $count($map([1..100], function($i){ $base64encode($s) })) })`,
      either,
    ],
    ["doubles a text for ever", '($f := function($s){ $f($s & $s) }; $f("xxxxxxxxxx"))', tooLarge],
    ["fills up to five thousand million", '$pad("x", 5000000000)', tooLarge],
    ["ranges too far", "{ 'n': [1..10000001] }", /must not exceed/],
    ["nests too deeply", `{ "a": ${"[".repeat(7_000)}${"]".repeat(7_000)} }`, tooDeep],
    [
      "gives what is nested too deeply",
      '($f := function($x, $n){ $n = 0 ? $x : $f({ "a": $x }, $n - 1) }; $f({}, 501))',
      /^the transform gave what is nested more than 500 deep$/,
    ],
    ["matches nothing, again and again", '$match("abc", /x*/)', /matches zero length string/],
  ] as const)("%s", async ([what, expression, verdict]) => {
    expect(await transformed(what, expression)).toMatch(verdict);
    expect(await transformed("the next one", '{ "ok": true }')).toEqual({ ok: true });
  });
});
