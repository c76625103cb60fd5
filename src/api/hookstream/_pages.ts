import { z } from "zod";

import type { Id } from "../../lib/ids.ts";
import { idField, toWireId } from "./_fields.ts";

const limitMax = 100;

/** How many there are in a page: a number above the most is the most. */
const limitField = (byDefault: number): z.ZodType<number> =>
  z.coerce
    .number()
    .int()
    .min(1)
    .transform((limit) => Math.min(limit, limitMax))
    .default(byDefault)
    .meta({ type: "integer", minimum: 1, maximum: limitMax });

/** Where a page begins, and how long it is. Spread into a list's query. */
export const cursorFields = (
  limitDefault: number,
): { readonly cursor: z.ZodType<Id | undefined, string | undefined>; readonly limit: z.ZodType<number> } => ({
  cursor: idField.optional().describe("The `cursor` of the page before."),
  limit: limitField(limitDefault).describe("Results per page, 100 at most."),
});

/** One page of what was asked for with one more than it holds, newest first. */
export type Page<Item> = {
  readonly items: readonly Item[];
  /** What the next page is asked for with. Null: there is none. */
  readonly cursor: string | null;
  readonly hasMore: boolean;
};

/** The page that `limit + 1` items make. */
export const pageOf = <Item>(items: readonly Item[], limit: number, idOf: (item: Item) => Id): Page<Item> => {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  const hasMore = items.length > limit;
  return { items: page, cursor: hasMore && last !== undefined ? toWireId(idOf(last)) : null, hasMore };
};
