import type { z } from "zod";

import { blank } from "../fields.ts";
import type { Details } from "../route.ts";

/** What is said about a field. The first is also for what is missing. */
export const messages = {
  blank: "can't be blank",
  invalid: "is invalid",
  entry: "has an invalid entry",
  atLeast: (min: number | bigint): string => `must be greater than or equal to ${min}`,
  atMost: (max: number | bigint): string => `must be less than or equal to ${max}`,
} as const;

/** A value, or what is wrong with it, field by field. */
export type Checked<Value> =
  | { readonly kind: "valid"; readonly value: Value }
  | { readonly kind: "invalid"; readonly details: Details };

type RawIssue = z.core.$ZodRawIssue;

/** Our words for what zod found. A schema that brings words of its own keeps them. */
const messageOf = (issue: RawIssue): string => {
  if (issue.input === undefined || issue.input === null) return messages.blank;
  if (issue.code === "too_small" && issue.origin === "string") return messages.blank;
  if (issue.code === "custom" && issue.params === blank) return messages.blank;
  if (issue.code === "too_small" && issue.origin === "number") return messages.atLeast(issue.minimum);
  if (issue.code === "too_big" && issue.origin === "number") return messages.atMost(issue.maximum);
  return messages.invalid;
};

/** Beside the bound that a field has, zod names the largest whole number there is: nobody asked for that. */
const isAboutIntegers = (issue: z.core.$ZodIssue): boolean => "origin" in issue && issue.origin === "int";

const detailsOf = (issues: readonly z.core.$ZodIssue[]): Details => {
  const details: Record<string, string[]> = {};
  for (const issue of issues.filter((candidate) => !isAboutIntegers(candidate))) {
    const [field, ...inside] = issue.path;
    const message = inside.length > 0 ? messages.entry : issue.message;
    const known = (details[String(field)] ??= []);
    if (!known.includes(message)) known.push(message);
  }
  return details;
};

/** Reads a value by a schema. */
export const check = <Schema extends z.ZodType>(schema: Schema, value: unknown): Checked<z.output<Schema>> => {
  const result = schema.safeParse(value, { error: messageOf });
  return result.success
    ? { kind: "valid", value: result.data }
    : { kind: "invalid", details: detailsOf(result.error.issues) };
};

/** The two as one: both values, or all that is wrong. */
export const both = <A, B>(a: Checked<A>, b: Checked<B>): Checked<readonly [A, B]> => {
  if (a.kind === "valid" && b.kind === "valid") return { kind: "valid", value: [a.value, b.value] };
  return {
    kind: "invalid",
    details: { ...(a.kind === "invalid" ? a.details : {}), ...(b.kind === "invalid" ? b.details : {}) },
  };
};
