import { z } from "zod";

/** What a rule compares with. */
export type Scalar = string | number | boolean | null;

/**
 * One condition on an event. Nothing is converted: `"5"` is not `5`.
 *
 * `field` is `payload` or a dot path into the JSON body (`payload.data.id`), a header (`headers.x-github-event`, in any
 * case), a parameter of the query (`query.page`), or `method`, `content_type`, `source_ip`. A path that meets an array goes on
 * in each of its elements, unless it names one by its index; one that ends at an array stands for its elements. A
 * condition holds when it holds for any of the values found. `neq` is the opposite of `eq`, so it holds where nothing is found.
 */
export type FilterRule =
  | { readonly field: string; readonly op: "eq" | "neq"; readonly value: Scalar }
  | { readonly field: string; readonly op: "contains"; readonly value: string }
  | { readonly field: string; readonly op: "gt" | "gte" | "lt" | "lte"; readonly value: number }
  /** Whether anything is there, `null` and empty arrays included. */
  | { readonly field: string; readonly op: "exists"; readonly value: boolean }
  | { readonly field: string; readonly op: "in"; readonly value: readonly Scalar[] };

/** Bounds of a filter: it is judged while all other commits wait. */
export const filterLimits: {
  readonly rulesMax: number;
  readonly fieldCharsMax: number;
  readonly segmentsMax: number;
  readonly valueCharsMax: number;
  readonly valuesMax: number;
} = { rulesMax: 50, fieldCharsMax: 256, segmentsMax: 32, valueCharsMax: 1_024, valuesMax: 200 };

const segment = /^[^.]+$/;

const isField = (field: string): boolean => {
  if (["payload", "method", "content_type", "source_ip"].includes(field)) return true;
  const [root = "", ...rest] = field.split(".");
  // A header's or a parameter's name may hold dots.
  if (root === "headers" || root === "query") return field.length > root.length + 1;
  return root === "payload" && rest.length < filterLimits.segmentsMax && rest.every((name) => segment.test(name));
};

const text = z.string().max(filterLimits.valueCharsMax);
const scalar = z.union([text, z.number(), z.boolean(), z.null()]);
const field = z
  .string()
  .max(filterLimits.fieldCharsMax)
  .refine(isField, "must be payload.*, headers.*, query.*, method, content_type or source_ip");

const oneRule: z.ZodType<FilterRule> = z.discriminatedUnion("op", [
  z.object({ field, op: z.enum(["eq", "neq"]), value: scalar }),
  z.object({ field, op: z.literal("contains"), value: text }),
  z.object({ field, op: z.enum(["gt", "gte", "lt", "lte"]), value: z.number() }),
  z.object({ field, op: z.literal("exists"), value: z.boolean().default(true) }),
  z.object({ field, op: z.literal("in"), value: z.array(scalar).max(filterLimits.valuesMax) }),
]);

/** What a connection's filter may be. */
export const filterRules: z.ZodType<readonly FilterRule[]> = z.array(oneRule).max(filterLimits.rulesMax);
