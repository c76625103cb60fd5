import { describe, expect, test } from "vitest";

import { compileSchema, type CompiledSchema } from "../../src/schemas/compile-schema.ts";

const compiled = (schema: unknown): CompiledSchema => {
  const compilation = compileSchema(schema);
  if (compilation.kind === "refused") throw new Error(compilation.message);
  return compilation.schema;
};

const draft4 = "http://json-schema.org/draft-04/schema#";
const draft7 = "http://json-schema.org/draft-07/schema#";

describe("a schema is refused", () => {
  test.for<[schema: unknown, message: string]>([
    [undefined, "must be a JSON Schema: an object, true or false"],
    [null, "must be a JSON Schema: an object, true or false"],
    ["{}", "must be a JSON Schema: an object, true or false"],
    [[], "must be a JSON Schema: an object, true or false"],
    [
      { $schema: "http://json-schema.org/draft-03/schema#" },
      "/$schema must be one of http://json-schema.org/draft-04/schema, ",
    ],
    [{ $schema: 7 }, "/$schema must be one of "],
    [{ type: "strng" }, "/type must be one or more of null, boolean, number, string, array, object, integer"],
    [{ type: [] }, "/type must be one or more of"],
    [{ properties: { id: { type: 1 } } }, "/properties/id/type must be one or more of"],
    [{ properties: [] }, "/properties must be an object of schemas"],
    [{ properties: { id: "string" } }, "/properties/id must be a schema: an object, true or false"],
    [{ items: [{}] }, "/items must be one schema; a list of them is prefixItems in this draft"],
    [{ prefixItems: [] }, "/prefixItems must be a list of schemas"],
    [{ required: true }, "/required must be a list of names"],
    [{ required: ["a", 1] }, "/required must be a list of names"],
    [{ minimum: "1" }, "/minimum must be a number"],
    [{ exclusiveMinimum: true }, "/exclusiveMinimum must be a number"],
    [{ $schema: draft4, exclusiveMinimum: 1 }, "/exclusiveMinimum must be true or false in draft 4"],
    [{ multipleOf: 0 }, "/multipleOf must be a number above 0"],
    [{ maxLength: -1 }, "/maxLength must be a whole number, 0 or more"],
    [{ minItems: 1.5 }, "/minItems must be a whole number, 0 or more"],
    [{ minContains: "2" }, "/minContains must be a whole number, 0 or more"],
    [{ uniqueItems: 1 }, "/uniqueItems must be true or false"],
    [{ enum: "a" }, "/enum must be a list"],
    [{ anyOf: [] }, "/anyOf must be a list of schemas"],
    [{ pattern: 1 }, "/pattern must be a regular expression"],
    [{ patternProperties: { "(": {} } }, "/patternProperties must be a regular expression: ("],
    [{ dependentRequired: { a: "b" } }, "/dependentRequired must be a list of names"],
    [{ $ref: 1 }, "/$ref must be an address"],
    [{ $ref: "http://[" }, "/$ref must be an address: http://["],
    [{ $ref: "#/%ZZ" }, "/$ref must be an address: #/%ZZ"],
    [{ $ref: "#/$defs/none" }, "/$ref must lead to what is there: #/$defs/none"],
    [{ $ref: "#none" }, "/$ref must lead to what is there: #none"],
    [{ $ref: "#/type", type: "object" }, "/$ref must be a schema: an object, true or false"],
    [{ $ref: "#/__proto__" }, "/$ref must lead to what is there"],
    [{ $ref: "#/constructor" }, "/$ref must lead to what is there"],
    [{ $ref: "#/$defs/length", $defs: [] }, "/$ref must lead to what is there"],
    [
      { $ref: "https://example.com/schema.json" },
      "/$ref must lead to a place in the schema; nothing is fetched: https",
    ],
    [{ $ref: "file:///etc/passwd" }, "/$ref must lead to a place in the schema; nothing is fetched: file"],
    [{ $ref: "schema.json" }, "/$ref must lead to a place in the schema; nothing is fetched: schema.json"],
    [{ $schema: draft7, $ref: draft4 }, "/$ref must lead to a place in the schema; nothing is fetched"],
    [{ $id: 1 }, "'$id' must be an address: 1"],
    [{ $id: "http://[" }, "'$id' must be an address"],
    [{ $defs: { a: { $id: "x" }, b: { $id: "x" } } }, "'$id' must not be the same twice: schema:///x"],
    [{ $ref: "#" }, "must not refer to itself for the same value"],
    [
      { $ref: "#/$defs/a", $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }] }, b: { not: { $ref: "#/$defs/a" } } } },
      "must not refer to itself",
    ],
  ])("%j: %s", ([schema, message]) => {
    expect(compileSchema(schema)).toEqual({
      kind: "refused",
      message: expect.stringMatching(new RegExp(`^${RegExp.escape(message)}`)),
    });
  });
});

describe("a value that is not as the schema says", () => {
  test.for<[schema: unknown, value: unknown, errors: [path: string, message: string][]]>([
    [{ type: "string" }, 1, [["", "must be string"]]],
    [{ type: ["integer", "null"] }, 1.5, [["", "must be integer or null"]]],
    [{ enum: ["a", 1, null] }, "b", [["", 'must be one of ["a",1,null]']]],
    [{ const: { a: [1] } }, { a: [2] }, [["", 'must be {"a":[1]}']]],
    [{ enum: Array.from({ length: 99 }, (_, at) => `v${at}`) }, 1, [["", "must be one of the values of the schema"]]],
    [{ minimum: 3 }, 2, [["", "must be at least 3"]]],
    [{ exclusiveMaximum: 3 }, 3, [["", "must be less than 3"]]],
    [{ multipleOf: 0.01 }, 0.015, [["", "must be a multiple of 0.01"]]],
    [{ minLength: 2 }, "😀", [["", "must have at least 2 characters"]]],
    [{ maxLength: 1 }, "ab", [["", "must have at most 1 characters"]]],
    [
      { uniqueItems: true },
      [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
      [["", "must not have the same item twice"]],
    ],
    [{ contains: { const: 1 } }, [2], [["", "must contain an item as the schema says"]]],
    [{ contains: {}, maxContains: 1 }, [1, 2], [["", "must contain at most 1 such items"]]],
    [
      { required: ["id", "to"] },
      {},
      [
        ["", "must have the member 'id'"],
        ["", "must have the member 'to'"],
      ],
    ],
    [{ dependentRequired: { a: ["b"] } }, { a: 1 }, [["", "must have the member 'b'"]]],
    [{ additionalProperties: false }, { "a/b~c": 1 }, [["/a~1b~0c", "must not be there"]]],
    [{ propertyNames: { maxLength: 1 } }, { ab: 1 }, [["/ab", "must have at most 1 characters"]]],
    [{ not: {} }, 1, [["", "must not be as the schema says"]]],
    [
      { anyOf: [{ type: "string" }, { type: "null" }] },
      1,
      [["", "must be as one of the schemas says, and is as none does"]],
    ],
    [{ oneOf: [{}, {}] }, 1, [["", "must be as exactly one of the schemas says, and is as more than one does"]]],
    [{ items: { properties: { n: { type: "number" } } } }, [{ n: 1 }, { n: "x" }], [["/1/n", "must be number"]]],
    [JSON.parse('{"if":{"type":"string"},"then":{"maxLength":1},"else":{"type":"null"}}'), 7, [["", "must be null"]]],
    [{ prefixItems: [{ type: "string" }], unevaluatedItems: false }, ["a", 1], [["/1", "must not be there"]]],
  ])("%j, %j", ([schema, value, errors]) => {
    expect(compiled(schema).validate(value)).toEqual({
      valid: false,
      errors: errors.map(([path, message]) => ({ path, message })),
    });
  });

  test("is told of at most twenty mistakes", () => {
    const value = Array.from({ length: 100 }, () => "x");
    expect(compiled({ items: { type: "number" } }).validate(value)).toMatchObject({ errors: { length: 20 } });
  });

  test("and the names in it are cut off in what is told", () => {
    const validation = compiled({ additionalProperties: false }).validate({ ["n".repeat(5000)]: 1 });
    expect(validation.valid ? "" : validation.errors[0]!.path).toHaveLength(300);
  });
});

describe("names that every object has", () => {
  const parse = (text: string): unknown => JSON.parse(text);

  test("are members only when they were sent", () => {
    const schema = compiled({ required: ["constructor", "__proto__", "toString"] });
    expect(schema.validate({})).toMatchObject({ errors: { length: 3 } });
    expect(schema.validate(parse('{"constructor":1,"__proto__":2,"toString":3}'))).toEqual({ valid: true });
  });

  test("have schemas of their own", () => {
    const schema = compiled(parse('{"properties":{"__proto__":{"type":"number"},"constructor":{"type":"string"}}}'));
    expect(schema.validate({})).toEqual({ valid: true });
    expect(schema.validate(parse('{"__proto__":"x","constructor":1}'))).toEqual({
      valid: false,
      errors: [
        { path: "/__proto__", message: "must be number" },
        { path: "/constructor", message: "must be string" },
      ],
    });
  });

  test("are additional like any other", () => {
    const schema = compiled({ properties: { a: {} }, additionalProperties: false });
    expect(schema.validate(parse('{"__proto__":{},"valueOf":1}'))).toMatchObject({ errors: { length: 2 } });
  });

  test("compare as what they are", () => {
    const schema = compiled(parse('{"const":{"__proto__":1}}'));
    expect(schema.validate(parse('{"__proto__":1}'))).toEqual({ valid: true });
    expect(schema.validate({}).valid).toBe(false);
  });
});

describe("a schema", () => {
  test("is for 2020-12 when it does not say", () => {
    const schema = compiled({ prefixItems: [{ type: "string" }], dependentRequired: { a: ["b"] } });
    expect([schema.validate([1]).valid, schema.validate({ a: 1 }).valid]).toEqual([false, false]);
  });

  test("of draft 4 says how its bounds are meant beside them", () => {
    const schema = compiled({
      $schema: draft4,
      minimum: 1,
      exclusiveMinimum: true,
      maximum: 2,
      exclusiveMaximum: false,
    });
    expect([1, 1.5, 2, 2.5].map((value) => schema.validate(value).valid)).toEqual([false, true, true, false]);
  });

  test("may name its draft with either scheme, with or without a fragment", () => {
    for (const uri of ["https://json-schema.org/draft-07/schema", "http://json-schema.org/draft/2020-12/schema#"]) {
      expect(compileSchema({ $schema: uri }).kind).toBe("compiled");
    }
  });

  test("may ask for schemas", () => {
    const schema = compiled({ $schema: draft7, properties: { schema: { $ref: draft7 } } });
    expect(schema.validate({ schema: { type: "string" } })).toEqual({ valid: true });
    expect(schema.validate({ schema: { properties: { a: { type: 7 } } } }).valid).toBe(false);
  });

  test("does not look at formats", () => {
    expect(compiled({ format: "email" }).validate("nobody")).toEqual({ valid: true });
  });

  test("is what it was when it was compiled", () => {
    const given = { type: "string" };
    const schema = compiled(given);
    given.type = "number";
    expect(schema.validate("text")).toEqual({ valid: true });
  });
});
