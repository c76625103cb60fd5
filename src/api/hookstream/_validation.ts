import type { z } from "zod";

import { isExactNumber } from "../../lib/exact-json.ts";
import { blank } from "../fields.ts";

/** A value, or a sentence that says what is wrong with it. */
export type Checked<Value> =
  | { readonly kind: "valid"; readonly value: Value }
  | { readonly kind: "invalid"; readonly problem: string };

type RawIssue = z.core.$ZodRawIssue;

/** So many things that are wrong are told at once. */
const problemsMax = 10;

const typeNames: Readonly<Record<string, string>> = {
  string: "must be a string",
  number: "must be a number",
  int: "must be a whole number",
  boolean: "must be true or false",
  array: "must be an array",
  object: "must be an object",
  record: "must be an object",
};

const ofSize = (issue: Extract<RawIssue, { code: "too_small" | "too_big" }>): string => {
  const [word, bound] = issue.code === "too_small" ? ["at least", issue.minimum] : ["at most", issue.maximum];
  if (issue.origin === "string") {
    return issue.code === "too_small" && bound === 1 ? "must not be empty" : `must have ${word} ${bound} characters`;
  }
  return issue.origin === "array" ? `must have ${word} ${bound} entries` : `must be ${word} ${bound}`;
};

const ofFormat = ({ format, pattern }: Extract<RawIssue, { code: "invalid_format" }>): string => {
  if (format === "datetime") return "must be an ISO 8601 time with an offset or Z";
  return pattern === undefined ? "is invalid" : `must match pattern ${pattern.replaceAll(/^\/|\/[a-z]*$/g, "")}`;
};

/** Our words for what zod found. A schema that brings words of its own keeps them. */
const messageOf = (issue: RawIssue): string => {
  if (issue.input === undefined || issue.input === null) return "is required";
  switch (issue.code) {
    case "invalid_type":
      return isExactNumber(issue.input) ? "is too large" : (typeNames[issue.expected] ?? "is invalid");
    case "too_small":
    case "too_big":
      return ofSize(issue);
    case "invalid_format":
      return ofFormat(issue);
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    case "custom":
      return issue.params === blank ? "must not be empty" : "is invalid";
    case "invalid_element":
    case "invalid_key":
    case "invalid_union":
    case "not_multiple_of":
    case "unrecognized_keys":
      return "is invalid";
  }
};

/** Beside the bound that a field has, zod names the largest whole number there is: nobody asked for that. */
const isAboutIntegers = (issue: z.core.$ZodIssue): boolean => "origin" in issue && issue.origin === "int";

/** `ip_allowlist[2]`, `verification_config.encoding`. */
const nameOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((name, part) => {
    if (typeof part === "number") return `${name}[${part}]`;
    return name === "" ? String(part) : `${name}.${String(part)}`;
  }, "");

const problemOf = (issues: readonly z.core.$ZodIssue[]): string => {
  const told = issues
    .filter((issue, at) => !isAboutIntegers(issue) || issues.length === at + 1)
    .map(({ path, message }) => (path.length === 0 ? message : `'${nameOf(path)}' ${message}`));
  return [...new Set(told)].slice(0, problemsMax).join("; ");
};

/** Reads a value by a schema. */
export const check = <Schema extends z.ZodType>(schema: Schema, value: unknown): Checked<z.output<Schema>> => {
  const result = schema.safeParse(value, { error: messageOf });
  return result.success
    ? { kind: "valid", value: result.data }
    : { kind: "invalid", problem: problemOf(result.error.issues) };
};
