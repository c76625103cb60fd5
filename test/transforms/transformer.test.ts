import { afterAll, describe, expect, test } from "vitest";

import { systemClock } from "../../src/lib/clock.ts";
import { createTransformer, type Transformer } from "../../src/transforms/transformer.ts";
import { inputOf, outcomeOf, startTransformer } from "../support/transformer.ts";

const shared = createTransformer(systemClock);
afterAll(() => shared.close());

const transformed = async (expression: string, body = "{}", transformer: Transformer = shared): Promise<unknown> =>
  outcomeOf(await transformer.transform("owner", expression, inputOf(body)));

const endless = "($f := function($x){ $f($x + 1) }; $f(1))";

describe("an expression", () => {
  test.for([
    ['{ "id": order.id, "sum": $sum(items.price) }', { id: "o-1", sum: 12 }],
    ['{ "page": $query.page, "tags": $query.tag }', { page: "2", tags: ["x", "y"] }],
    [
      '{ "tag": $headers."x-tag", "method": $method, "type": $event.type }',
      { tag: "a, b", method: "PUT", type: "order.paid" },
    ],
    ["$", { order: { id: "o-1" }, items: [{ price: 5 }, { price: 7 }] }],
    ["$merge([$, { 'seen': true }])", { order: { id: "o-1" }, items: [{ price: 5 }, { price: 7 }], seen: true }],
    ["order.id", "the transform must give an object, and gave a string"],
    ["items", "the transform must give an object, and gave an array"],
    ["absent", "the transform must give an object, and gave nothing"],
    ["null", "the transform must give an object, and gave null"],
    ["$sum", "the transform must give an object, and gave a function"],
    ["function($x){ $x }", "the transform must give an object, and gave a function"],
    ["/a+/", "the transform must give an object, and gave a function"],
    ['{ "total": $sum }', "the transform must give JSON, and gave a function as total"],
    ['{ "by": [{ "first": /a+/ }] }', "the transform must give JSON, and gave a function as by.0.first"],
    ['{ "f": function($x){ $x } }', "the transform must give JSON, and gave a function as f"],
    ['{ "f": $substring(?, 0, 2) }', "the transform must give JSON, and gave a function as f"],
    ['$error("no good")', "no good"],
    ["$number('x')", 'Unable to cast value to a number: "x"'],
    ["{", expect.stringContaining("end of expression")],
    ["null()", expect.stringContaining("null")],
    ['{ "a": $pad("x", 6000000) }', "the transform gave more than 5242880 bytes"],
    ['{ "a": $power(10, 400) }', expect.stringContaining("cannot be represented as a JSON number")],
  ] as const)("%s gives %j", async ([expression, expected]) => {
    const body = JSON.stringify({ order: { id: "o-1" }, items: [{ price: 5 }, { price: 7 }] });
    expect(await transformed(expression, body)).toEqual(expected);
  });

  test.for(["not json", "", "\u0000"])("is given null for a body that is no JSON: %j", async (body) => {
    expect(await transformed('{ "isNull": $ = null }', body)).toEqual({ isNull: true });
  });

  test("is not mistaken for a function because a sender writes what functions are marked with", async () => {
    const body = '{"_jsonata_lambda":true,"inner":{"_jsonata_function":true,"implementation":1}}';
    expect(await transformed("$", body)).toEqual(JSON.parse(body));
  });

  test("fails with at most so many characters, however long what it says", async () => {
    const told = await transformed('$error($pad("x", 100000, "x"))');
    expect(told).toBe(`${"x".repeat(1_000)}…`);
  });

  test("has one time and new chance at each evaluation", async () => {
    const expression =
      '{ "iso": $now(), "ms": $millis(), "same": $now() = $now(), "a": $random(), "b": $random(), "all": $sort($shuffle([1..9])) }';
    type Drawn = { iso: string; ms: number; same: boolean; a: number; b: number; all: number[] };
    const first = (await transformed(expression)) as Drawn;
    const second = (await transformed(expression)) as Drawn;
    for (const { iso, ms, same, all } of [first, second]) {
      expect({ iso, same, all }).toEqual({
        iso: new Date(ms).toISOString(),
        same: true,
        all: [1, 2, 3, 4, 5, 6, 7, 8, 9],
      });
      expect(Math.abs(ms - systemClock.nowMs())).toBeLessThan(60_000);
    }
    const drawn = [first.a, first.b, second.a, second.b];
    expect(drawn).toSatisfy(() => drawn.every((chance) => chance >= 0 && chance < 1));
    expect(new Set(drawn)).toHaveLength(4);
    expect(second.ms).toBeGreaterThanOrEqual(first.ms);
  });
});

test("an expression that never ends takes one process at most: others go on beside it", async () => {
  const transformer = startTransformer();
  await transformer.transform("bad", endless, inputOf("{}"));
  let ended = 0;
  // One after the other they would take twenty seconds.
  const bad = Array.from({ length: 40 }, () =>
    transformer.transform("bad", endless, inputOf("{}")).finally(() => {
      ended += 1;
    }),
  );
  for (let i = 0; i < 20; i += 1) {
    expect((await transformer.transform("good", "{ 'i': 1 }", inputOf("{}"))).kind).toBe("transformed");
  }
  expect(ended).toBeLessThan(bad.length / 2);
  await transformer.close();
  expect((await Promise.all(bad)).every(({ kind }) => kind !== "transformed")).toBe(true);
});

test("what waits when the gateway stops is told so", async () => {
  const transformer = startTransformer();
  const waiting = Array.from({ length: 5 }, () => transformer.transform("a", endless, inputOf("{}")));
  await transformer.close();
  for (const each of await Promise.all(waiting)) expect(each.kind).toBe("unavailable");
  expect((await transformer.transform("a", "{}", inputOf("{}"))).kind).toBe("unavailable");
});

test("an expression is looked at before it is saved", async () => {
  expect(await shared.check("a", "{ 'a': $.b }")).toBeNull();
  expect(await shared.check("a", "{ 'a': ")).toEqual({ kind: "failed", error: expect.any(String) });
  expect(await shared.check("a", " ".repeat(16_385))).toEqual({
    kind: "failed",
    error: expect.stringMatching(/at most/),
  });
  // Looked at, and not run.
  expect(await shared.check("a", endless)).toBeNull();
});
