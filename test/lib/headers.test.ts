import { expect, test } from "vitest";

import { allHeaders, findHeader, type Headers, replaceHeaders } from "../../src/lib/headers.ts";

const headers: Headers = [
  ["host", "a"],
  ["x-tag", "1"],
  ["x-tag", "2"],
];

test("the first value of a header is found, and undefined when there is none", () => {
  expect(findHeader(headers, "x-tag")).toBe("1");
  expect(findHeader(headers, "x-other")).toBeUndefined();
});

test("all values of a header keep their order", () => {
  expect(allHeaders(headers, "x-tag")).toEqual(["1", "2"]);
  expect(allHeaders(headers, "x-other")).toEqual([]);
});

test("replacing removes every occurrence and leaves the other headers as they are", () => {
  expect(replaceHeaders(headers, [["x-tag", "3"]])).toEqual([
    ["host", "a"],
    ["x-tag", "3"],
  ]);
  expect(headers).toHaveLength(3);
});
