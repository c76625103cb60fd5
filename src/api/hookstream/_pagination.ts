import { z } from "zod";

import type { Id } from "../../lib/ids.ts";
import { toWireId } from "./_fields.ts";

/** What a page says of the list that it is of. */
export type WirePagination = {
  total: number;
  limit: number;
  offset: number;
  has_more: boolean;
  next_cursor: string | null;
  total_capped?: boolean;
};

export const wirePagination: z.ZodType<WirePagination> = z.object({
  total: z.int().describe("Exact up to 10,000."),
  limit: z.int(),
  offset: z.int(),
  has_more: z.boolean(),
  next_cursor: z.string().nullable().describe("Pass it as `cursor` to go on. Null: there is nothing more."),
  total_capped: z.boolean().exactOptional().describe("There are more than `total`."),
});

type Asked = { readonly limit: number; readonly offset: number };

type Found = {
  readonly total: number;
  readonly capped: boolean;
  readonly hasMore: boolean;
  readonly nextBefore: Id | null;
};

export const toPagination = (
  { limit, offset }: Asked,
  { total, capped, hasMore, nextBefore }: Found,
): WirePagination => ({
  total,
  limit,
  offset,
  has_more: hasMore,
  next_cursor: nextBefore === null ? null : toWireId(nextBefore),
  ...(capped ? { total_capped: true } : {}),
});
