import { z } from "zod";

/** The id of an object, in lower case. */
export const idField: z.ZodType<string, string> = z.guid().toLowerCase();

/** Answers: an instant in whole seconds. */
export const wireInstant: z.ZodString = z.string().meta({ format: "date-time" });

/** Answers: an id. */
export const wireId: z.ZodString = z.string().meta({ format: "uuid" });
