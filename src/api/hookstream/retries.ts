import { z } from "zod";

import { noFields } from "../fields.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { exampleAttempt } from "./_examples.ts";
import { idField, placeFields, toWireId } from "./_fields.ts";
import { resend, type Resent, wireRetried } from "./_resend.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, type Route } from "./route.ts";

/** What these routes use. */
export type RetryParts = Pick<HookstreamParts, "choosePlace" | "events" | "replays" | "routing">;

const eventsMax = 100;

const { event_id, connection_id, destination_id } = exampleAttempt;

const common = { tag: "Events", names: "Event", scope: "webhooks:write" } as const;

const retriedAnswer = {
  description: "What is sent once more.",
  body: z.object({
    retried: z.array(wireRetried),
    errors: z.array(z.string()).describe("Why something is not."),
    message: z.string(),
  }),
  example: {
    retried: [{ event_id, connection_id, destination_id }],
    errors: [],
    message: "1 delivery is sent once more",
  },
};

const messageOf = ({ retried, errors }: Resent): string => {
  if (retried.length === 1) return "1 delivery is sent once more";
  if (retried.length > 1) return `${retried.length} deliveries are sent once more`;
  return errors.length === 0 ? "No delivery has failed" : "Nothing is sent once more";
};

const toAnswer = ({ retried, errors }: Resent) =>
  answer(200, { retried, errors, message: messageOf({ retried, errors }) });

const retryOne = (parts: RetryParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/events/:id/retry",
    summary: "Retry an event",
    description: "Sends it once more along each connection whose newest delivery of it has failed or was cancelled.",
    params: z.object({ id: idField }),
    query: z.object(placeFields),
    body: noFields,
    answers: { 200: retriedAnswer },
    find: (owner, { id }) => parts.events.find(owner, id),
    handle: async ({ owner, found }) => toAnswer(await resend(parts, owner, await parts.events.failed(found.event))),
  });

const retryMany = (parts: RetryParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/events/retry",
    summary: "Retry events",
    description: "The same of up to a hundred events.",
    params: noFields,
    query: noFields,
    body: z.object({ ...placeFields, event_ids: z.array(idField).min(1).max(eventsMax) }),
    bodyExample: { event_ids: [event_id] },
    answers: { 200: retriedAnswer },
    find: findNothing,
    handle: async ({ owner, body }) => {
      const sent: Resent[] = [];
      for (const id of new Set(body.event_ids)) {
        const found = await parts.events.find(owner, id);
        if (found === null) sent.push({ retried: [], errors: [`Event ${toWireId(id)} not found`] });
        else sent.push(await resend(parts, owner, await parts.events.failed(found.event)));
      }
      return toAnswer({
        retried: sent.flatMap(({ retried }) => retried),
        errors: [...new Set(sent.flatMap(({ errors }) => errors))],
      });
    },
  });

/** The routes that send events once more. */
export const retryRoutes = (parts: RetryParts): readonly Route[] => [retryMany(parts), retryOne(parts)];
