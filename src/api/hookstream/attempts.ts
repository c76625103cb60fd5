import { z } from "zod";

import { noFields, present } from "../fields.ts";
import { toWireAttempt, wireAttempt } from "./_attempt-wire.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { offsetField } from "./_event-query.ts";
import { exampleAttempt } from "./_examples.ts";
import { idField, placeFields } from "./_fields.ts";
import { cursorFields } from "./_pages.ts";
import { toPagination, wirePagination } from "./_pagination.ts";
import { resend } from "./_resend.ts";
import type { HookstreamParts } from "./parts.ts";
import type { AttemptsAsked } from "./ports.ts";
import { answer, invalidBody, notFound, type Route } from "./route.ts";

/** What these routes use. */
export type AttemptParts = Pick<HookstreamParts, "choosePlace" | "attempts" | "replays" | "routing">;

const limitDefault = 50;

const ofAttempt = z.object({ id: idField });
const common = { tag: "Delivery attempts", names: "Delivery attempt" } as const;
const one = { body: z.object({ delivery_attempt: wireAttempt }), example: { delivery_attempt: exampleAttempt } };

const attemptQuery: z.ZodType<AttemptsAsked> = z
  .object({
    ...placeFields,
    event_id: idField.optional(),
    connection_id: idField.optional(),
    destination_id: idField.optional(),
    status: z.enum(["success", "failed"]).optional(),
    is_dlq: z.enum(["0", "1"]).optional().describe("`1`: those that were the last of a delivery that failed."),
    ...cursorFields(limitDefault),
    offset: offsetField.describe("So many of the newest are left out. Not with `cursor`."),
  })
  .refine(({ cursor, offset }) => cursor === undefined || offset === 0, {
    path: ["offset"],
    error: "can't be combined with cursor",
  })
  .transform((query) => ({
    limit: query.limit,
    offset: query.offset,
    ...present({
      eventId: query.event_id,
      connectionId: query.connection_id,
      destinationId: query.destination_id,
      isFailed: query.status && query.status === "failed",
      isLast: query.is_dlq && query.is_dlq === "1",
      before: query.cursor,
    }),
  }));

const list = (parts: AttemptParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/delivery-attempts",
    scope: "webhooks:read",
    summary: "List delivery attempts",
    description: "One request looks at 10,000 attempts; `next_cursor` goes on behind them.",
    params: noFields,
    query: attemptQuery,
    body: noFields,
    answers: {
      200: {
        description: "One page of the environment's attempts, newest first.",
        body: z.object({ delivery_attempts: z.array(wireAttempt), pagination: wirePagination }),
        example: {
          delivery_attempts: [exampleAttempt],
          pagination: { total: 1, limit: 50, offset: 0, has_more: false, next_cursor: null },
        },
      },
    },
    find: findNothing,
    handle: async ({ owner, query }) => {
      const found = await parts.attempts.list(owner, query);
      const delivery_attempts = found.attempts.map(toWireAttempt);
      return answer(200, { delivery_attempts, pagination: toPagination(query, found) });
    },
  });

const get = (parts: AttemptParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/delivery-attempts/:id",
    scope: "webhooks:read",
    summary: "Get a delivery attempt",
    params: ofAttempt,
    query: z.object(placeFields),
    body: noFields,
    answers: { 200: { description: "What was sent, and what came of it.", ...one } },
    find: (owner, { id }) => parts.attempts.find(owner, id),
    handle: ({ found }) => answer(200, { delivery_attempt: toWireAttempt(found) }),
  });

const retry = (parts: AttemptParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/delivery-attempts/:id/retry",
    scope: "webhooks:write",
    summary: "Retry a delivery attempt",
    description: "Sends its event along its connection once more, as a delivery of its own with retries of its own.",
    params: ofAttempt,
    query: z.object(placeFields),
    body: noFields,
    answers: { 200: { description: "The attempt that is made up for. The new one follows.", ...one } },
    find: (owner, { id }) => parts.attempts.find(owner, id),
    handle: async ({ owner, found }) => {
      const { retried, errors } = await resend(parts, owner, [found.delivery]);
      if (retried.length > 0) return answer(200, { delivery_attempt: toWireAttempt(found) });
      const [error] = errors;
      return error === undefined ? notFound(common.names) : invalidBody(`the attempt cannot be retried: ${error}`);
    },
  });

/** The routes of delivery attempts. */
export const attemptRoutes = (parts: AttemptParts): readonly Route[] => [list(parts), get(parts), retry(parts)];
