import * as fc from "fast-check";
import { expect, test } from "vitest";

import type { Headers } from "../../src/lib/headers.ts";
import type { TextPlace } from "../../src/providers/preset.ts";
import { deliveryIdOf, eventTypeOf } from "../../src/providers/resolve.ts";

const inHeader: TextPlace = { in: "header", name: "x-event" };
const inBody: TextPlace = { in: "body", path: "event.type" };

const neverRead = (): unknown => {
  throw new Error("the body was read");
};

const read = (place: TextPlace | null, headers: Headers, readBody: () => unknown): string | null => {
  const text = eventTypeOf({ eventType: place }, headers, readBody);
  expect(deliveryIdOf({ deliveryId: place }, headers, readBody)).toBe(text);
  return text;
};

test("a second header is read where the first is not there, and only then", () => {
  const either: TextPlace = { in: "header", name: "svix-id", or: "webhook-id" };
  const [branded, unbranded] = [["svix-id", "a"] as const, ["webhook-id", "b"] as const];
  expect(read(either, [branded, unbranded], neverRead)).toBe("a");
  expect(read(either, [branded], neverRead)).toBe("a");
  expect(read(either, [unbranded], neverRead)).toBe("b");
  expect(read(either, [], neverRead)).toBeNull();
  expect(read(either, [["svix-id", ""], unbranded], neverRead)).toBeNull();
  expect(read(either, [unbranded, unbranded], neverRead)).toBeNull();
});

test("the body is read only when the text is in it", () => {
  expect(read(null, [["x-event", "push"]], neverRead)).toBeNull();
  expect(read(inHeader, [["x-event", "push"]], neverRead)).toBe("push");
  expect(() => read(inBody, [], neverRead)).toThrow("the body was read");
});

test.for([
  ["text", "order.created", "order.created"],
  ["text of other scripts", "注文🦊", "注文🦊"],
  ["as much text as fits", "x".repeat(255), "x".repeat(255)],
  ["more text than fits", "x".repeat(256), null],
  ["nothing", "", null],
  ["a NUL", "a\0b", null],
  ["half a character", "a\ud800", null],
  ["a number: large ones would become equal", 12_345, null],
  ["a boolean", true, null],
  ["null", null, null],
  ["a list", ["a"], null],
  ["an object", { a: 1 }, null],
] as const)("a body with %s there", ([, value, text]) => {
  expect(read(inBody, [], () => ({ event: { type: value } }))).toBe(text);
});

test.for([
  ["not JSON", undefined],
  ["null", null],
  ["a number", 1],
  ["text", "event.type"],
  ["a list", []],
  ["without the path", { event: {} }],
  ["with a dot in a key instead", { "event.type": "x" }],
] as const)("a body that is %s says nothing", ([, body]) => {
  expect(read(inBody, [], () => body)).toBeNull();
});

test("what every object inherits is not what the sender sent", () => {
  for (const path of ["constructor.name", "__proto__.type", "event.constructor.name"]) {
    expect(read({ in: "body", path }, [], () => ({ event: {} }))).toBeNull();
  }
});

test.for([
  ["is absent", [], null],
  ["is empty", [["x-event", ""]], null],
  ["is too long", [["x-event", "x".repeat(256)]], null],
  [
    "is there twice",
    [
      ["x-event", "a"],
      ["x-event", "b"],
    ],
    null,
  ],
  [
    "is one of several",
    [
      ["x-other", "a"],
      ["x-event", "b"],
    ],
    "b",
  ],
] as const)("a header that %s", ([, headers, text]) => {
  expect(read(inHeader, headers, neverRead)).toBe(text);
});

test("whatever a sender writes, the result is null or text that any store holds", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (body, path) => {
      const text = read({ in: "body", path }, [], () => body);
      expect(text === null || (text.length > 0 && text.length <= 255 && text.isWellFormed())).toBe(true);
    }),
  );
});
