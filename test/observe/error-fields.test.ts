import { expect, test } from "vitest";

import { errorFields } from "../../src/observe/error-fields.ts";

test("an error is told with its causes, the first code among them, and where it was thrown", () => {
  const cause = Object.assign(new TypeError("disk I/O error"), { code: "SQLITE_IOERR", parameters: ["s3cr3t"] });
  const error = new Error("commit failed", { cause });
  const fields = errorFields(error);
  expect(fields).toEqual({
    error: "Error: commit failed < TypeError: disk I/O error",
    errorCode: "SQLITE_IOERR",
    stack: error.stack,
  });
  expect(JSON.stringify(fields)).not.toContain("s3cr3t");
});

test.for([
  ["a text", "boom", "boom"],
  ["an object, whose properties stay out", { token: "s3cr3t" }, "a thrown object"],
  ["nothing", undefined, "a thrown undefined"],
] as [string, unknown, string][])("what was thrown can be %s", ([, thrown, told]) => {
  expect(errorFields(thrown)).toEqual({ error: told, errorCode: null, stack: undefined });
});

test("a circle of causes ends", () => {
  const error = new Error("round");
  error.cause = error;
  expect(errorFields(error)["error"]).toBe(Array(5).fill("Error: round").join(" < "));
});
