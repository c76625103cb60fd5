import { describe, expect, onTestFinished, test } from "vitest";

import { systemClock } from "../../src/lib/clock.ts";
import { runMsMax } from "../../src/transforms/limits.ts";
import type { TransformInput } from "../../src/transforms/transform.ts";
import { createTransformer, type Transformer } from "../../src/transforms/transformer.ts";

const startTransformer = (): Transformer => {
  const transformer = createTransformer(systemClock);
  onTestFinished(() => transformer.close());
  return transformer;
};

const input = (body: string, over: Partial<TransformInput> = {}): TransformInput => ({
  body: Buffer.from(body),
  headers: [
    ["content-type", "application/json"],
    ["x-tag", "a"],
    ["x-tag", "b"],
  ],
  method: "PUT",
  query: "page=2&tag=x&tag=y",
  event: { id: "e", source_id: "s", type: "order.paid", received_at: "2027-01-15T08:00:30Z" },
  ...over,
});

const transformed = async (expression: string, body = "{}", transformer = startTransformer()): Promise<unknown> => {
  const result = await transformer.transform("owner", expression, input(body));
  if (result.kind === "transformed") return JSON.parse(Buffer.from(result.body).toString());
  return result.kind === "failed" ? result.error : result.message;
};

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
    ['$error("no good")', expect.stringContaining("no good")],
    ["$number('x')", expect.stringContaining("Unable to cast")],
    ["{", expect.stringContaining("end of expression")],
  ] as const)("%s gives %j", async ([expression, expected]) => {
    const body = JSON.stringify({ order: { id: "o-1" }, items: [{ price: 5 }, { price: 7 }] });
    expect(await transformed(expression, body)).toEqual(expected);
  });

  test.for(["not json", "", "\u0000"])("is given null for a body that is no JSON: %j", async (body) => {
    expect(await transformed('{ "isNull": $ = null }', body)).toEqual({ isNull: true });
  });

  test.for([
    ["endless recursion", endless],
    ["endless recursion that grows", "($f := function($x){ $f($x) + 1 }; $f(1))"],
    ["a pattern that backtracks", `$match("${"a".repeat(40)}!", /^(a+)+$/) ? {} : {}`],
  ] as const)("with %s is cut off in time, and the next one runs", async ([, expression]) => {
    const transformer = startTransformer();
    await transformed("{}", "{}", transformer);
    const startedMs = systemClock.monotonicMs();
    expect(await transformed(expression, "{}", transformer)).toEqual(expect.any(String));
    expect(systemClock.monotonicMs() - startedMs).toBeLessThan(runMsMax + 3_000);
    expect(await transformed('{ "ok": true }', "{}", transformer)).toEqual({ ok: true });
  });

  test("that takes more memory than it may fails, and the next one runs", async () => {
    const transformer = startTransformer();
    const bomb =
      "($f := function($x){ $f($append($x, $map([1..100000], function($i){ $string($i) & 'xxxxxxxx' }))) }; $f([]))";
    expect(await transformed(bomb, "{}", transformer)).toMatch(/more than (\d+ MiB of memory|\d+ ms)/);
    expect(await transformed('{ "ok": true }', "{}", transformer)).toEqual({ ok: true });
  });

  test("finds nothing of the gateway: no globals, no environment, nothing of another expression", async () => {
    expect(await transformed('{ "p": process, "g": globalThis, "r": require, "c": constructor }')).toEqual({});
    const transformer = startTransformer();
    await transformed("($leak := 1; { 'a': $leak })", "{}", transformer);
    expect(await transformed("{ 'a': $leak }", "{}", transformer)).toEqual({});
    expect(await transformed("($ ~> |$|{'__proto__': {'x': 1}}|; {})", "{}", transformer)).toEqual(expect.anything());
    expect(await transformed("{ 'x': x }", "{}", transformer)).toEqual({});
  });
});

test("an expression that never ends takes one thread at most: others go on beside it", async () => {
  const transformer = startTransformer();
  await transformer.transform("bad", endless, input("{}"));
  let ended = 0;
  // One after the other they would take twenty seconds.
  const bad = Array.from({ length: 40 }, () =>
    transformer.transform("bad", endless, input("{}")).finally(() => {
      ended += 1;
    }),
  );
  for (let i = 0; i < 20; i += 1) {
    expect((await transformer.transform("good", "{ 'i': 1 }", input("{}"))).kind).toBe("transformed");
  }
  expect(ended).toBeLessThan(bad.length / 2);
  await transformer.close();
  expect((await Promise.all(bad)).every(({ kind }) => kind !== "transformed")).toBe(true);
});

test("what waits when the gateway stops is told so", async () => {
  const transformer = startTransformer();
  const waiting = Array.from({ length: 5 }, () => transformer.transform("a", endless, input("{}")));
  await transformer.close();
  for (const each of await Promise.all(waiting)) expect(each.kind).toBe("unavailable");
  expect((await transformer.transform("a", "{}", input("{}"))).kind).toBe("unavailable");
});

test("an expression is looked at before it is saved", async () => {
  const transformer = startTransformer();
  expect(await transformer.check("a", "{ 'a': $.b }")).toBeNull();
  expect(await transformer.check("a", "{ 'a': ")).toEqual(expect.any(String));
  expect(await transformer.check("a", " ".repeat(16_385))).toMatch(/at most/);
});
