import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { factsOf } from "../../src/routing/event-facts.ts";
import { type FilterRule, filterLimits, filterRules, type Scalar } from "../../src/routing/filter-rule.ts";
import { compileFilter } from "../../src/routing/filter.ts";
import { newPayload } from "../support/records.ts";

const order = {
  type: "order.paid",
  amount: 4999,
  discount: null,
  live: true,
  tags: ["new", "gift"],
  none: [],
  items: [
    { sku: "A-1", prices: [{ currency: "EUR", value: 5 }] },
    { sku: "B-2", prices: [{ currency: "USD", value: 70 }, { currency: "GBP" }] },
  ],
  nested: [[{ deep: 1 }], [[{ deep: "two" }]]],
};

const facts = factsOf(
  newPayload({
    method: "PUT",
    query: "page=2&page=3&empty=",
    senderAddress: "192.0.2.9",
    headers: [
      ["content-type", "application/json; charset=utf-8"],
      ["x-kind", "a"],
      ["x-kind", "b"],
      ["x.dotted", "c"],
    ],
    body: Buffer.from(JSON.stringify(order)),
  }),
);

const passes = (...rules: FilterRule[]): boolean => compileFilter(filterRules.parse(rules))(facts);

describe("one rule", () => {
  test.for([
    ["payload.type", "eq", "order.paid", true],
    ["payload.type", "eq", "ORDER.PAID", false],
    ["payload.amount", "eq", 4999, true],
    ["payload.amount", "eq", "4999", false],
    ["payload.live", "eq", true, true],
    ["payload.live", "eq", 1, false],
    ["payload.live", "eq", "true", false],
    ["payload.discount", "eq", null, true],
    ["payload.absent", "eq", null, false],
    ["payload.absent", "neq", "x", true],
    ["payload.type", "neq", "order.paid", false],
    ["payload.amount", "neq", "4999", true],
    ["payload.tags", "eq", "gift", true],
    ["payload.tags", "neq", "gift", false],
    ["payload.tags", "contains", "if", true],
    ["payload.tags.1", "eq", "gift", true],
    ["payload.tags.2", "exists", false, true],
    ["payload.type", "contains", "paid", true],
    ["payload.type", "contains", "Paid", false],
    ["payload.amount", "contains", "49", false],
    ["payload.amount", "gt", 4998, true],
    ["payload.amount", "gt", 4999, false],
    ["payload.amount", "gte", 4999, true],
    ["payload.amount", "lt", 5000, true],
    ["payload.amount", "lte", 4998, false],
    ["payload.type", "gt", 0, false],
    ["payload.live", "gte", 1, false],
    ["payload.discount", "lte", 0, false],
    ["payload.absent", "lt", 1, false],
    ["payload.items.sku", "eq", "B-2", true],
    ["payload.items.sku", "eq", "C-3", false],
    ["payload.items.1.sku", "eq", "A-1", false],
    ["payload.items.prices.value", "gt", 60, true],
    ["payload.items.0.prices.value", "gt", 60, false],
    ["payload.items.prices.currency", "in", ["GBP", "CHF"], true],
    ["payload.nested.deep", "eq", "two", true],
    ["payload.nested.deep", "lt", 2, true],
    ["payload.items", "exists", true, true],
    ["payload.none", "exists", true, true],
    ["payload.none", "eq", "x", false],
    ["payload.discount", "exists", true, true],
    ["payload.absent", "exists", true, false],
    ["payload.absent", "exists", false, true],
    ["payload.constructor", "exists", true, false],
    ["payload.items.length", "exists", true, false],
    ["payload.__proto__.x", "exists", false, true],
    ["payload", "exists", true, true],
    ["payload.type", "in", ["a", "order.paid"], true],
    ["payload.amount", "in", ["4999"], false],
    ["payload.type", "in", [], false],
    ["headers.X-Kind", "eq", "b", true],
    ["headers.x-kind", "neq", "b", false],
    ["headers.x.dotted", "eq", "c", true],
    ["headers.x-none", "exists", false, true],
    ["query.page", "eq", "3", true],
    ["query.page", "eq", 3, false],
    ["query.page", "gt", 1, false],
    ["query.empty", "eq", "", true],
    ["query.none", "exists", true, false],
    ["method", "eq", "PUT", true],
    ["method", "in", ["GET", "POST"], false],
    ["content_type", "contains", "json", true],
    ["source_ip", "eq", "192.0.2.9", true],
  ] as const)("%s %s %j is %s", ([field, op, value, expected]) => {
    expect(compileFilter(filterRules.parse([{ field, op, value }]))(facts)).toBe(expected);
  });
});

test("all rules must hold, and none is no condition", () => {
  expect(passes()).toBe(true);
  expect(passes({ field: "method", op: "eq", value: "PUT" }, { field: "payload.amount", op: "gt", value: 1 })).toBe(
    true,
  );
  expect(passes({ field: "method", op: "eq", value: "PUT" }, { field: "payload.amount", op: "gt", value: 9999 })).toBe(
    false,
  );
});

test.for(["not json", "", '{"a":', "\u0000"])("in a body that is no JSON (%j) nothing is found", (body) => {
  const text = factsOf(newPayload({ body: Buffer.from(body), senderAddress: null, headers: [] }));
  const filter = (rule: FilterRule): boolean => compileFilter([rule])(text);
  expect(filter({ field: "payload", op: "exists", value: true })).toBe(false);
  expect(filter({ field: "payload.a", op: "exists", value: false })).toBe(true);
  expect(filter({ field: "payload", op: "neq", value: body })).toBe(true);
  expect(filter({ field: "source_ip", op: "exists", value: true })).toBe(false);
  expect(filter({ field: "content_type", op: "exists", value: true })).toBe(false);
});

test.for([
  { field: "body.type", op: "eq", value: "x" },
  { field: "payload.", op: "eq", value: "x" },
  { field: "payload..a", op: "eq", value: "x" },
  { field: "headers.", op: "eq", value: "x" },
  { field: "headers", op: "eq", value: "x" },
  { field: "payload.a", op: "like", value: "x" },
  { field: "payload.a", op: "gt", value: "1" },
  { field: "payload.a", op: "contains", value: 1 },
  { field: "payload.a", op: "eq", value: {} },
  { field: "payload.a", op: "in", value: "x" },
  { field: "payload.a", op: "in", value: [[]] },
  { field: "payload.a", op: "exists", value: "yes" },
  { field: `payload.${"a.".repeat(filterLimits.segmentsMax)}a`, op: "exists" },
  { field: "payload.a", op: "eq", value: "x".repeat(filterLimits.valueCharsMax + 1) },
])("a rule that cannot be meant is refused: %j", (rule) => {
  expect(filterRules.safeParse([rule]).success).toBe(false);
});

test("an absent value of `exists` means that something must be there", () => {
  expect(filterRules.parse([{ field: "payload.a", op: "exists" }])).toEqual([
    { field: "payload.a", op: "exists", value: true },
  ]);
});

/** All values at a path, said in the words of the rule: an array stands for its elements, unless one is named. */
const found = (value: unknown, [name, ...rest]: readonly string[]): unknown[] => {
  if (name === undefined) return [value];
  if (Array.isArray(value)) {
    if (/^\d+$/.test(name)) return Number(name) < value.length ? found(value[Number(name)], rest) : [];
    return value.flatMap((element) => found(element, [name, ...rest]));
  }
  if (typeof value !== "object" || value === null || !Object.keys(value).includes(name)) return [];
  return found((value as Record<string, unknown>)[name], rest);
};

const holds = (body: unknown, { field, op, value }: FilterRule): boolean => {
  const all = found(body, field.split(".").slice(1));
  if (op === "exists") return all.length > 0 === value;
  const leaves = all.flatMap((each) => (Array.isArray(each) ? (each.flat(Infinity) as unknown[]) : [each]));
  const isAny = (holdsFor: (leaf: never) => boolean, type: string): boolean =>
    leaves.some((leaf) => typeof leaf === type && holdsFor(leaf as never));
  switch (op) {
    case "eq":
      return leaves.includes(value);
    case "neq":
      return !leaves.includes(value);
    case "in":
      return value.some((one) => leaves.includes(one));
    case "contains":
      return isAny((leaf: string) => leaf.split(value).length > 1 || value === "", "string");
    case "gt":
      return isAny((leaf: number) => leaf > value, "number");
    case "gte":
      return isAny((leaf: number) => leaf >= value, "number");
    case "lt":
      return isAny((leaf: number) => leaf < value, "number");
    case "lte":
      return isAny((leaf: number) => leaf <= value, "number");
  }
};

test("any filter says of any body what the rule says", () => {
  const names = fc.constantFrom("a", "b", "0", "1", "length");
  const scalars: fc.Arbitrary<Scalar> = fc.oneof(
    fc.constantFrom("", "a", "ab", "1", "true", "null"),
    fc.constantFrom(0, 1, 2, 1.5, -1),
    fc.boolean(),
    fc.constant(null),
  );
  const { body } = fc.letrec<{ body: unknown }>((tie) => ({
    body: fc.oneof(
      { maxDepth: 5 },
      scalars,
      fc.array(tie("body"), { maxLength: 3 }),
      fc.dictionary(names, tie("body"), { maxKeys: 3 }),
    ),
  }));
  const field = fc.array(names, { maxLength: 4 }).map((path) => ["payload", ...path].join("."));
  const rule: fc.Arbitrary<FilterRule> = fc.oneof(
    fc.record({ field, op: fc.constantFrom("eq" as const, "neq" as const), value: scalars }),
    fc.record({ field, op: fc.constant("contains" as const), value: fc.constantFrom("", "a", "b", "1") }),
    fc.record({
      field,
      op: fc.constantFrom("gt" as const, "gte" as const, "lt" as const, "lte" as const),
      value: fc.constantFrom(0, 1, 1.5, 2),
    }),
    fc.record({ field, op: fc.constant("exists" as const), value: fc.boolean() }),
    fc.record({ field, op: fc.constant("in" as const), value: fc.array(scalars, { maxLength: 3 }) }),
  );
  fc.assert(
    fc.property(body, fc.array(rule, { maxLength: 3 }), (value, rules) => {
      const json = JSON.stringify(value);
      const event = factsOf(newPayload({ body: Buffer.from(json) }));
      const expected = rules.every((each) => holds(JSON.parse(json), each));
      expect(compileFilter(rules)(event)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
});
