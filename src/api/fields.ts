import { z } from "zod";

import { storable } from "../lib/text.ts";

/** For routes without a query, a body or parameters. What is sent all the same is ignored. */
export const noFields: z.ZodType<object> = z.object({});

/** Marks the refusal of a text that says nothing, so that a dialect finds its own words for it. */
export const blank = { rule: "blank" } as const;

/** Text that every engine stores as it is: no lone surrogates, no U+0000. */
export const textField = (charsMax: number): z.ZodString =>
  z
    .string()
    .max(charsMax)
    .refine((text) => storable(text) === text);

/** Text that says something. */
export const requiredTextField = (charsMax: number): z.ZodString =>
  textField(charsMax)
    .min(1)
    .refine((text) => text.trim() !== "", { params: blank, abort: true });

/** The name of a header, or nothing. */
export const headerNameField: z.ZodString = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{0,128}$/);

/** An instant, as ISO 8601 with an offset or `Z`. */
export const instantField: z.ZodType<number, string> = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text));

/** The same fields, absent where they could be undefined. */
export type Present<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

const isPresent = <Value>(value: Value): value is Exclude<Value, undefined> => value !== undefined;

/** The fields of a record that have a value. What is undefined was not sent. */
export const present = <Fields extends object>(record: Fields): Present<Fields> => {
  const there: Present<Fields> = {};
  for (const name in record) {
    const value = record[name];
    if (isPresent(value)) there[name] = value;
  }
  return there;
};
