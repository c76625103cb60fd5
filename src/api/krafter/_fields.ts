import { z } from "zod";

import { storable } from "../../lib/text.ts";
import { messages } from "./_validation.ts";

/** For routes without a query, a body or parameters. What is sent all the same is ignored. */
export const noFields: z.ZodType<object> = z.object({});

/** The id of an object, in lower case. */
export const idField: z.ZodType<string, string> = z.guid().toLowerCase();

/** Text that every engine stores as it is: no lone surrogates, no U+0000. */
export const textField = (charsMax: number): z.ZodString =>
  z
    .string()
    .max(charsMax)
    .refine((text) => storable(text) === text, { error: messages.invalid });

/** Text that says something. */
export const requiredTextField = (charsMax: number): z.ZodString =>
  textField(charsMax)
    .min(1)
    .refine((text) => text.trim() !== "", { error: messages.blank, abort: true });

/** The name of a header, or nothing. */
export const headerNameField: z.ZodString = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{0,128}$/);

/** An instant, as ISO 8601 with an offset or `Z`. */
export const instantField: z.ZodType<number, string> = z.iso
  .datetime({ offset: true })
  .transform((text) => Date.parse(text));

/** Answers: an instant in whole seconds. */
export const wireInstant: z.ZodString = z.string().meta({ format: "date-time" });

/** Answers: an id. */
export const wireId: z.ZodString = z.string().meta({ format: "uuid" });

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
