import { z } from "zod";

import { noFields } from "../fields.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { eventQuery } from "./_event-query.ts";
import { toWireEvent, toWireEventDetail, wireEvent, wireEventDetail } from "./_event-wire.ts";
import { exampleEvent, exampleEventDetail } from "./_examples.ts";
import { idField, placeFields } from "./_fields.ts";
import { toPagination, wirePagination } from "./_pagination.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, type Route } from "./route.ts";

/** What these routes use. */
export type EventParts = Pick<HookstreamParts, "choosePlace" | "events">;

const list = (parts: EventParts): Route =>
  defineRoute(parts, {
    method: "GET",
    path: "/events",
    scope: "webhooks:read",
    tag: "Events",
    summary: "List events",
    params: noFields,
    query: eventQuery,
    body: noFields,
    answers: {
      200: {
        description: "One page of the environment's events, newest first.",
        body: z.object({ events: z.array(wireEvent), pagination: wirePagination }),
        example: {
          events: [exampleEvent],
          pagination: { total: 1, limit: 50, offset: 0, has_more: false, next_cursor: null },
        },
      },
    },
    names: "Event",
    find: findNothing,
    handle: async ({ owner, query }) => {
      const found = await parts.events.list(owner, query);
      return answer(200, { events: found.events.map(toWireEvent), pagination: toPagination(query, found) });
    },
  });

const get = (parts: EventParts): Route =>
  defineRoute(parts, {
    method: "GET",
    path: "/events/:id",
    scope: "webhooks:read",
    tag: "Events",
    summary: "Get an event",
    params: z.object({ id: idField }),
    query: z.object(placeFields),
    body: noFields,
    answers: {
      200: {
        description: "The event, its request, and all attempts to deliver it.",
        body: z.object({ event: wireEventDetail }),
        example: { event: exampleEventDetail },
      },
    },
    names: "Event",
    find: (owner, { id }) => parts.events.find(owner, id),
    handle: async ({ found }) => answer(200, { event: toWireEventDetail(await parts.events.detail(found)) }),
  });

/** The routes of stored events. */
export const eventRoutes = (parts: EventParts): readonly Route[] => [list(parts), get(parts)];
