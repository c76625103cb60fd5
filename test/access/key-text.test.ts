import { expect, test } from "vitest";

import { hashKeyText, isKeyText, keyPrefixOf, newKeyText, readBearer } from "../../src/access/key-text.ts";
import { createSystemRandom } from "../../src/lib/random.ts";

const key = newKeyText({ bytes: (count) => Buffer.alloc(count, 0xfb) });

test("a key is kr_live_ and 32 random bytes in base64url, known by its first 12 characters", () => {
  expect(key).toBe(`kr_live_${Buffer.alloc(32, 0xfb).toString("base64url")}`);
  expect(key).toHaveLength(8 + 43);
  expect(keyPrefixOf(key)).toBe("kr_live_-_v7");
});

test.for(["hs_live", "hs_test"] as const)("a key of the form %s has 64 hex digits behind it", (form) => {
  const made = newKeyText(createSystemRandom(), form);
  expect(made).toMatch(new RegExp(`^${form}_[0-9a-f]{64}$`));
  expect(isKeyText(made)).toBe(true);
  expect(readBearer(`Bearer ${made}`)).toBe(made);
  expect(keyPrefixOf(made)).toBe(made.slice(0, 12));
  expect(isKeyText(made.toUpperCase())).toBe(false);
  expect(isKeyText(made.slice(0, -1))).toBe(false);
});

test("no two keys are alike", () => {
  const random = createSystemRandom();
  expect(new Set(Array.from({ length: 1000 }, () => newKeyText(random))).size).toBe(1000);
});

test("a key is found by its SHA-256", () => {
  expect(hashKeyText("abc").toString("hex")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test.for([`Bearer ${key}`, `bearer ${key}`, `BEARER   ${key} `])("reads a key from %j", (header) => {
  expect(readBearer(header)).toBe(key);
});

test.for([
  undefined,
  "",
  "Bearer",
  "Bearer ",
  key,
  `Basic ${key}`,
  `Bearer${key}`,
  `Bearer ${key}x`,
  `Bearer ${key.slice(0, -1)}`,
  `Bearer ${key.replace("live", "test")}`,
  `Bearer ${key} ${key}`,
  `Bearer ${key.slice(0, -1)}\0`,
  `Bearer ${" ".repeat(200)}${key}`,
])("finds no key in %j", (header) => {
  expect(readBearer(header)).toBeNull();
});

test("only the whole of a key has its form", () => {
  expect(isKeyText(key)).toBe(true);
  expect(isKeyText(`${key}\n`)).toBe(false);
  expect(isKeyText(` ${key}`)).toBe(false);
});
