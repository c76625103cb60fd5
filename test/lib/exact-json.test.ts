import * as fc from "fast-check";
import { expect, test } from "vitest";

import { isExactNumber, parseExactJson } from "../../src/lib/exact-json.ts";

test.for([
  ["9007199254740993"],
  ["-9223372036854775808"],
  ['{"id":18446744073709551615,"of":[9007199254740993,1]}'],
  ['{"1e400":123456789012345678901234567890}'],
])("%s keeps its digits", ([text]) => {
  expect(JSON.stringify(parseExactJson(text!))).toBe(text);
});

test("what a number can hold is a number, and what it cannot is told apart", () => {
  const read = parseExactJson("[9007199254740991,9007199254740993,0.1234567890123456789]") as unknown[];
  expect(read[0]).toBe(9007199254740991);
  expect(read[2]).toBe(0.12345678901234568);
  expect(read.map(isExactNumber)).toEqual([false, true, false]);
});

test("loses nothing of what JSON.stringify wrote, and refuses what JSON.parse refuses", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify({ value, digits: "0123456789012345" });
      expect(JSON.stringify(parseExactJson(text))).toBe(text);
    }),
  );
  for (const text of ["", "{", "01234567890123456789", "1234567890123456789x"]) {
    expect(() => parseExactJson(text)).toThrow(SyntaxError);
  }
});

test("brackets count outside of strings only, and a thousand levels are enough", () => {
  const nested = (depth: number): string => `${'[{"\\"[":'.repeat(depth / 2)}1${"}]".repeat(depth / 2)}`;
  expect(JSON.stringify(parseExactJson(nested(1_000)))).toBe(nested(1_000));
  expect(() => parseExactJson(nested(1_002))).toThrow(RangeError);
  const brackets = JSON.stringify({ text: "[".repeat(5_000), escaped: '\\"[[' });
  expect(JSON.stringify(parseExactJson(brackets))).toBe(brackets);
});
