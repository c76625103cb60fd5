import { z } from "zod";

import { type Id, idFromBytes } from "../../lib/ids.ts";

/** A prefix that tells what an id is of, and 32 hex digits, with dashes or without. */
const idPattern = /^(?:[a-z]{1,8}_)?([0-9a-f]{32})$/i;
const idCharsMax = 64;

/** The id that a text means; null when it is none. */
export const toId = (text: string): Id | null => {
  if (text.length > idCharsMax) return null;
  const [, hex] = idPattern.exec(text.replaceAll("-", "")) ?? [];
  return hex === undefined ? null : idFromBytes(Buffer.from(hex, "hex"));
};

/** How ids look in answers: 32 hex digits. */
export const toWireId = (id: Id): string => id.replaceAll("-", "");

/** The id of an object. */
export const idField: z.ZodType<Id, string> = z
  .string()
  .transform((text) => toId(text))
  .refine((id) => id !== null, { error: "must be an id of 32 hex digits" });

/** In a query or a body: where a request takes place. Checked for every route; here they are described. */
export const placeFields: {
  readonly org_id: z.ZodType<string | null | undefined>;
  readonly env_id: z.ZodType<string | null | undefined>;
} = {
  org_id: z.string().nullish().describe("Organization. Default: that of the key or session; another one is 403."),
  env_id: z.string().nullish().describe("Environment. Default: that of the key or session; another one is 403."),
};

/** Answers: an id. */
export const wireId: z.ZodString = z.string().meta({ format: "hex", minLength: 32, maxLength: 32 });

/** Answers: an instant. */
export const wireInstant: z.ZodString = z.string().meta({ format: "date-time" });

/** Answers: 0 or 1. */
export const wireFlag: z.ZodInt = z.int().min(0).max(1);

/** A boolean as answers show it. */
export const toWireFlag = (value: boolean): 0 | 1 => (value ? 1 : 0);
