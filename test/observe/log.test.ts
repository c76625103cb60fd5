import { expect, test } from "vitest";

import { createLogger, type LogFields, type LogFormat, type LogLevel } from "../../src/observe/log.ts";
import { captureLog } from "../support/captured-log.ts";

const clock = { nowMs: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) };

const lineOf = (format: LogFormat, fields: LogFields, isTTY = false): string => {
  const sink = captureLog();
  createLogger({ level: "debug", format, clock, sink: { ...sink, isTTY } }).warn("something happened", fields);
  return sink.lines.join("");
};

test("a line is one JSON object with level, time, fields and message", () => {
  const line = lineOf("json", { code: "timeout", attempt: 2, final: false, status: null, host: undefined });
  expect(line.endsWith("\n")).toBe(true);
  expect(JSON.parse(line)).toEqual({
    level: "warn",
    time: "2026-01-02T03:04:05.678Z",
    message: "something happened",
    code: "timeout",
    attempt: 2,
    final: false,
    status: null,
  });
});

test("on a terminal a line is for people", () => {
  expect(lineOf("auto", { code: "timeout", note: "two words", status: null }, true)).toBe(
    '03:04:05.678 warn  something happened  code=timeout  note="two words"  status=null\n',
  );
});

test.for([
  ["auto", false, "{"],
  ["auto", true, "0"],
  ["json", true, "{"],
  ["text", false, "0"],
] as const)("format %s with a terminal: %s begins with %s", ([format, isTTY, first]) => {
  expect(lineOf(format, {}, isTTY)[0]).toBe(first);
});

test.for([
  ["debug", ["debug", "info", "warn", "error"]],
  ["info", ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
  ["silent", []],
] as [LogLevel, string[]][])("level %s writes %j", ([level, written]) => {
  const sink = captureLog();
  const log = createLogger({ level, format: "json", clock, sink });
  for (const at of ["debug", "info", "warn", "error"] as const) log[at]("line");
  expect(sink.entries().map((entry) => entry["level"])).toEqual(written);
});

test.for([
  "secret",
  "signingSecret",
  "apiKey",
  "api_key",
  "token",
  "metricsToken",
  "authorization",
  "cookie",
  "set-cookie",
  "password",
  "signature",
])("a text named %s is never written", (name) => {
  for (const format of ["json", "text"] as const) {
    const line = lineOf(format, { [name]: "s3cr3t" });
    expect(line).toContain("[redacted]");
    expect(line).not.toContain("s3cr3t");
  }
});

test("a value cannot forge a line, a field or a terminal command", () => {
  const line = lineOf("text", { host: "a\n03:04:05.678 error  fake  \u001b[2Jcode=x" });
  expect(line.trimEnd().split("\n")).toHaveLength(1);
  expect(line).toContain(String.raw`host="a\n03:04:05.678 error  fake  \u001b[2Jcode=x"`);
});

test("where an error was thrown is indented and free of control characters", () => {
  const line = lineOf("text", { stack: "Error: a\n03:04:05.678 error  fake\u001b[2J" });
  expect(line.trimEnd().split("\n").slice(1)).toEqual(["    Error: a", "    03:04:05.678 error  fake?[2J"]);
});

test("a long value is cut", () => {
  expect(lineOf("json", { value: "x".repeat(1_000_000) }).length).toBeLessThan(3_000);
});
