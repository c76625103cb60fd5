import { z } from "zod";

import type { EventStatus } from "../../events/event.ts";
import { instantField, present, textField } from "../fields.ts";
import { idField, placeFields } from "./_fields.ts";
import { cursorFields } from "./_pages.ts";
import type { EventsAsked } from "./ports.ts";

const limitDefault = 50;
/** Offsets reach this far: further on, skipping rows costs more than reading them. */
const offsetMax = 9_000;
const searchCharsMax = 256;
const methodCharsMax = 32;

/** What this API calls what has become of an event. */
export const wireStatuses = ["received", "processing", "delivered", "failed"] as const;

type WireStatus = (typeof wireStatuses)[number];

const statuses: Readonly<Record<WireStatus, EventStatus>> = {
  received: "received",
  processing: "forwarding",
  delivered: "succeeded",
  failed: "failed",
};

/** What a word of this API means. */
export const toEventStatus = (status: WireStatus): EventStatus => statuses[status];

/** The status of an event in the words of this API. */
export const toWireStatus = (status: EventStatus): WireStatus =>
  wireStatuses.find((name) => statuses[name] === status) ?? "received";

/** So many of the newest are left out. */
export const offsetField: z.ZodType<number> = z.coerce
  .number()
  .int()
  .min(0)
  .max(offsetMax)
  .default(0)
  .meta({ type: "integer", minimum: 0, maximum: offsetMax });

/** The query of a list of events. */
export const eventQuery: z.ZodType<EventsAsked> = z
  .object({
    ...placeFields,
    source_id: idField.optional(),
    status: z.enum(wireStatuses).optional(),
    verification_status: z.enum(["verified", "failed", "skipped", "schema_invalid"]).optional(),
    dedup_status: z.enum(["unique", "duplicate"]).optional(),
    method: textField(methodCharsMax).toUpperCase().optional(),
    search: textField(searchCharsMax)
      .optional()
      .describe("The beginning of an event's id, or text in the body: of the newest 10,000 events of the filter."),
    after: instantField.optional().describe("Received at or after."),
    before: instantField.optional().describe("Received before."),
    ...cursorFields(limitDefault),
    offset: offsetField.describe("So many of the newest are left out. Not with `cursor`."),
  })
  .refine(({ cursor, offset }) => cursor === undefined || offset === 0, {
    path: ["offset"],
    error: "can't be combined with cursor",
  })
  .transform((query) => ({
    sourceId: query.source_id ?? null,
    filter: present({
      status: query.status && statuses[query.status],
      verification: query.verification_status,
      dedup: query.dedup_status,
      method: query.method,
      fromMs: query.after,
      toMs: query.before,
    }),
    search: query.search ?? null,
    limit: query.limit,
    offset: query.offset,
    ...present({ before: query.cursor }),
  }));
