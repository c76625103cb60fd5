import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { compileSchema, type CompiledSchema } from "../../src/schemas/compile-schema.ts";

const compiled = (schema: unknown): CompiledSchema => {
  const compilation = compileSchema(schema);
  if (compilation.kind === "refused") throw new Error(compilation.message);
  return compilation.schema;
};

const tooMuch = {
  valid: false,
  errors: [{ path: "", message: expect.stringMatching(/^must be simpler, or its schema/) }],
};

const nested = (depth: number, open: string, core: string, close: string): unknown =>
  JSON.parse(open.repeat(depth) + core + close.repeat(depth));

/** `count` definitions, each of which refers to the next one as `refer` says. */
const chain = (count: number, refer: (next: { $ref: string }) => unknown) => ({
  $ref: "#/$defs/d0",
  $defs: Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `d${at}`,
      at === count - 1 ? { type: "string" } : refer({ $ref: `#/$defs/d${at + 1}` }),
    ]),
  ),
});

const everywhere = { $ref: "#/$defs/any", $defs: { any: { items: { $ref: "#/$defs/any" } } } };

describe("a schema may", () => {
  test("have 64 KiB, and no more", () => {
    const schema = (chars: number) => ({ description: "x".repeat(chars - '{"description":""}'.length) });
    expect(compileSchema(schema(65_536)).kind).toBe("compiled");
    expect(compileSchema(schema(65_537))).toEqual({
      kind: "refused",
      message: "must have at most 65536 characters of JSON",
    });
  });

  test("have a hundred objects inside each other, and no more", () => {
    expect(compileSchema(nested(100, '{"not":', "true", "}")).kind).toBe("compiled");
    const tooDeep = { kind: "refused", message: expect.stringContaining("must not have more than 100 objects") };
    expect(compileSchema(nested(101, '{"not":', "true", "}"))).toEqual(tooDeep);
    expect(compileSchema({ examples: nested(100, "[", "", "]") })).toEqual(tooDeep);
    expect(compileSchema(nested(9000, '{"not":', "true", "}"))).toMatchObject({ kind: "refused" });
    expect(compileSchema(nested(100_000, '{"not":', "true", "}"))).toMatchObject({ kind: "refused" });
  });

  test("refer from one to the next fifteen hundred times, but no value is looked at through so many", () => {
    expect(compiled(chain(1500, (next) => next)).validate("text")).toEqual(tooMuch);
    expect(compiled(chain(400, (next) => next)).validate("text")).toEqual({ valid: true });
  });

  test("not hold itself", () => {
    const circle: Record<string, unknown> = {};
    circle["not"] = circle;
    expect(compileSchema(circle)).toMatchObject({ kind: "refused" });
  });
});

describe("a value is looked at", () => {
  test("as deep as schemas go into it, at most five hundred of them", () => {
    expect(compiled(everywhere).validate(nested(200, "[", "", "]"))).toEqual({ valid: true });
    expect(compiled(everywhere).validate(nested(100_000, "[", "", "]"))).toEqual(tooMuch);
    expect(compiled({ items: {} }).validate(nested(100_000, "[", "", "]"))).toEqual({ valid: true });
  });

  test("as deep as it has to be compared", () => {
    const pair = (depth: number): unknown => [nested(depth, "[", "", "]"), nested(depth, "[", "", "]")];
    const unique = compiled({ uniqueItems: true });
    expect(unique.validate(pair(300))).toMatchObject({ errors: [{ message: "must not have the same item twice" }] });
    expect(unique.validate(pair(100_000))).toEqual(tooMuch);
    expect(compiled({ const: {} }).validate(nested(100_000, "[", "", "]"))).toEqual(tooMuch);
  });

  test("so long, however many ways lead through the schema", () => {
    expect(compiled(chain(40, (next) => ({ anyOf: [next, next] }))).validate(1)).toEqual(tooMuch);
    expect(compiled(chain(40, (next) => ({ allOf: [{ not: next }, { not: next }] }))).validate(1)).toEqual(tooMuch);
  });

  const many = (count: number): unknown => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]));

  test.for<[what: string, schema: unknown, value: unknown]>([
    [
      "items and alternatives",
      { items: { anyOf: Array.from({ length: 999 }, (_, at) => ({ const: at })) } },
      Array.from({ length: 99_999 }, () => ({})),
    ],
    ["members", { allOf: Array.from({ length: 999 }, () => ({ maxProperties: 1_000_000 })) }, many(9999)],
    [
      "what others have looked at",
      { anyOf: Array.from({ length: 999 }, () => ({ patternProperties: { "": true } })), unevaluatedProperties: false },
      many(9999),
    ],
    [
      "names that must be there",
      { items: { required: Array.from({ length: 999 }, (_, at) => `k${at}`) } },
      Array.from({ length: 99_999 }, () => many(0)),
    ],
    [
      "large objects to compare",
      { uniqueItems: true },
      Array.from({ length: 99_999 }, (_, at) => ({ at, list: [at] })),
    ],
    ["large numbers", { items: { multipleOf: 1e-300 } }, Array.from({ length: 99_999 }, (_, at) => 1e300 + at)],
    [
      "patterns",
      { allOf: Array.from({ length: 900 }, (_, at) => ({ not: { pattern: `a{3}b${at}$` } })) },
      "aaab".repeat(9999),
    ],
    [
      "characters of many kinds",
      { pattern: "(\\p{L}|\\p{Lu}|[^0-9])*\\p{Lu}[^0-9]{200}c" },
      "漢字仮名Ж".repeat(99_999),
    ],
  ])("and not longer for all of its %s", ([, schema, value]) => {
    expect(JSON.stringify(schema).length).toBeLessThan(65_536);
    const { validate } = compiled(schema);
    const startMs = performance.now();
    const validation = validate(value);
    // 10 to 30 ms on its own. The machine of the tests does more than this test.
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(validation.valid ? null : validation.errors.at(-1)).toMatchObject({
      message: expect.stringMatching(/simpler|must/),
    });
  });

  test("in microseconds, usually", () => {
    const { validate } = compiled({
      type: "object",
      required: ["id", "type", "items"],
      properties: {
        id: { type: "string", pattern: "^evt_[A-Za-z0-9]+$" },
        type: { enum: ["order.created", "order.paid"] },
        items: { type: "array", minItems: 1, items: { $ref: "#/$defs/item" } },
      },
      $defs: {
        item: {
          type: "object",
          required: ["sku"],
          properties: { sku: { type: "string" }, count: { type: "integer" } },
        },
      },
    });
    const items = Array.from({ length: 20 }, (_, at) => ({ sku: `sku-${at}-abcdefgh`, count: at, name: "A thing" }));
    const value = { id: "evt_1NG8Du2eZvKYlo2CUI79vXWy", type: "order.paid", items };
    expect(JSON.stringify(value).length).toBeGreaterThan(1000);
    const times = Array.from({ length: 2000 }, () => {
      const startMs = performance.now();
      expect(validate(value).valid).toBe(true);
      return performance.now() - startMs;
    });
    // About 5 µs; an expectation is several times that.
    expect(times.toSorted((a, b) => a - b)[1000]!).toBeLessThan(0.5);
  });
});

describe("nothing is thrown", () => {
  const keywords = [
    "$schema",
    "$id",
    "id",
    "$ref",
    "$dynamicRef",
    "$anchor",
    "$dynamicAnchor",
    "$defs",
    "definitions",
    "type",
    "enum",
    "const",
    "minimum",
    "exclusiveMinimum",
    "multipleOf",
    "minLength",
    "pattern",
    "items",
    "prefixItems",
    "additionalItems",
    "contains",
    "minContains",
    "uniqueItems",
    "required",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "dependencies",
    "dependentSchemas",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "unevaluatedItems",
    "unevaluatedProperties",
    "__proto__",
    "constructor",
  ];
  const uris = [
    "#",
    "#a",
    "#/$defs/a",
    "#/properties/a",
    "a",
    "http://a/b",
    "urn:a:b",
    "",
    "%",
    "#%",
    "https://json-schema.org/draft/2020-12/schema",
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-07/schema#",
  ];
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      ...uris,
      "string",
      "object",
      "array",
      "^(a|b)*$",
      "(?=x)",
      "[",
      "\\",
      true,
      false,
      null,
      0,
      1,
      -1,
      1.5,
      1e300,
    ),
    fc.string(),
  );
  const schemas = fc.letrec<{ schema: unknown; part: unknown }>((tie) => ({
    schema: fc.dictionary(fc.constantFrom(...keywords), tie("part"), { maxKeys: 5, noNullPrototype: true }),
    part: fc.oneof(
      { maxDepth: 5 },
      leaf,
      tie("schema"),
      fc.array(tie("schema"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "x", "__proto__"), tie("schema"), { maxKeys: 3, noNullPrototype: true }),
      fc.array(fc.constantFrom("a", "b", "x"), { maxLength: 3 }),
    ),
  }));
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    withObjectString: true,
    withNullPrototype: true,
  });

  test("by any schema and any value, JSON or not", () => {
    let compiledCount = 0;
    fc.assert(
      fc.property(
        fc.oneof(schemas.schema, anything),
        fc.array(fc.oneof(anything, fc.jsonValue(), schemas.schema)),
        (schema, values) => {
          const compilation = compileSchema(schema);
          if (compilation.kind === "refused") return;
          compiledCount += 1;
          for (const value of values) compilation.schema.validate(value);
        },
      ),
      { numRuns: 5000 },
    );
    // Else it would have said nothing about values.
    expect(compiledCount).toBeGreaterThan(500);
  });

  test("by values that hold themselves", () => {
    const circle: Record<string, unknown> = { list: [] };
    circle["self"] = circle;
    const schema = { $ref: "#/$defs/any", $defs: { any: { additionalProperties: { $ref: "#/$defs/any" } } } };
    expect(compiled(schema).validate(circle)).toEqual(tooMuch);
    expect(compiled({ const: {} }).validate(circle)).toEqual(tooMuch);
  });

  test("by schemas that cannot be read", () => {
    const unreadable = {
      get type(): string {
        throw new Error("not to be had");
      },
    };
    expect(compileSchema(unreadable)).toMatchObject({ kind: "refused" });
    expect(compileSchema({ toJSON: () => ({ type: "string" }) })).toMatchObject({ kind: "compiled" });
  });
});
