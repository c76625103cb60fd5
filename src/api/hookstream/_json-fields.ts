import { z } from "zod";

import { isExactNumber, parseExactJson } from "../../lib/exact-json.ts";

/** Whether a value is a JSON object. */
export const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !isExactNumber(value);

/** What JSON text holds. Other text is left for the field to refuse. */
export const readText = (sent: unknown): unknown => {
  if (typeof sent !== "string") return sent;
  try {
    return parseExactJson(sent);
  } catch {
    return sent;
  }
};

/** A value as JSON, or as the JSON text that answers show. */
export const fromJson = <Output>(field: z.ZodType<Output>): z.ZodType<Output> =>
  z.unknown().transform(readText).pipe(field);

type JsonField = { readonly charsMax: number; readonly error: string; is(value: unknown): boolean };

/** A value as JSON, or as the JSON text that answers show: what is read is its text. */
export const jsonField = ({ charsMax, error, is }: JsonField): z.ZodType<string> =>
  z
    .unknown()
    .transform(readText)
    .refine(is, { error, abort: true })
    .transform((value) => JSON.stringify(value))
    .refine((text) => text.length <= charsMax, { error: `must have at most ${charsMax} characters as JSON` });

/** Answers show 0 and 1, which may be sent back. */
export const flagField: z.ZodType<boolean> = z
  .unknown()
  .transform((sent) => (sent === 1 || sent === 0 ? sent === 1 : sent))
  .pipe(z.boolean())
  .meta({ type: "boolean" });
