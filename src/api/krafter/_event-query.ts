import { z } from "zod";

import { eventStatuses } from "../../events/event.ts";
import type { Id } from "../../lib/ids.ts";
import { instantField, present, textField } from "../fields.ts";
import { idField } from "./_fields.ts";
import type { EventPosition, EventSearch } from "./ports.ts";

const perPageDefault = 25;
const perPageMax = 100;
/** Pages reach this far: further on, skipping rows costs more than reading them. */
const pagedRowsMax = 10_000;
const textCharsMax = 256;

const clamped = (min: number, max: number) => (value: number) => Math.min(Math.max(value, min), max);

/** Numbers that people mistype are put right, as the original does. */
const page = z.coerce
  .number()
  .int()
  .catch(1)
  .transform(clamped(1, Number.MAX_SAFE_INTEGER))
  .default(1)
  .meta({ type: "integer" })
  .describe("Not with `q` or `cursor`.");
const perPage = z.coerce
  .number()
  .int()
  .catch(perPageDefault)
  .transform(clamped(1, perPageMax))
  .default(perPageDefault)
  .describe("1 to 100.");

/** Which events a list asks for. */
export type EventQuery = {
  readonly search: EventSearch;
  readonly position: EventPosition;
  readonly limit: number;
};

type Paging = { page: number; per_page: number; cursor?: Id | undefined; q?: string | undefined };

const isTooDeep = ({ page: number, per_page: rows, cursor }: Paging): boolean =>
  cursor === undefined && (number - 1) * rows >= pagedRowsMax;

const isPagedSearch = ({ page: number, cursor, q }: Paging): boolean =>
  q !== undefined && cursor === undefined && number > 1;

const positionOf = ({ page: number, cursor, q }: Paging): EventPosition =>
  q === undefined && cursor === undefined ? { kind: "page", page: number } : { kind: "cursor", before: cursor ?? null };

/** The query of a list of events. */
export const eventQuery: z.ZodType<EventQuery> = z
  .object({
    page,
    per_page: perPage,
    event_type: textField(255).optional(),
    status: z.enum(eventStatuses).optional(),
    signature_valid: z.enum(["true", "false"]).optional(),
    from: instantField.optional().describe("Received at or after."),
    to: instantField.optional().describe("Received before."),
    q: textField(textCharsMax)
      .optional()
      .describe("Text in the body. Looks at the newest 10,000 events of the filter; `meta.next_cursor` goes on."),
    cursor: idField.optional().describe("The id of an event: what is older follows."),
  })
  .refine((query) => !isTooDeep(query), {
    path: ["page"],
    error: `is beyond row ${pagedRowsMax}; pass the id of the last event you have as cursor`,
  })
  .refine((query) => !isPagedSearch(query), { path: ["page"], error: "can't be combined with q; use cursor" })
  .transform((query) => ({
    search: present({
      eventType: query.event_type,
      status: query.status,
      signatureValid: query.signature_valid === undefined ? undefined : query.signature_valid === "true",
      fromMs: query.from,
      toMs: query.to,
      text: query.q,
    }),
    position: positionOf(query),
    limit: query.per_page,
  }));

/** What one event's answer may include. */
export type EventInclude = { readonly payload: boolean; readonly attempts: boolean };

const includable: readonly string[] = ["payload", "attempts"];

/** The query of one event. */
export const eventIncludeQuery: z.ZodType<EventInclude> = z
  .object({
    include: z
      .string()
      .transform((text) => text.split(","))
      .pipe(z.array(z.string().refine((name) => includable.includes(name))))
      .default([])
      .describe("`payload`, `attempts`, or both with a comma between."),
  })
  .transform(({ include }) => ({ payload: include.includes("payload"), attempts: include.includes("attempts") }));
