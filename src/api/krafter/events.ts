import { z } from "zod";

import type { Scope } from "../../access/scopes.ts";
import { getSource } from "../../routing/read-sources.ts";
import { noFields } from "../fields.ts";
import { answer, notFound, type Owner, type Route, unavailable } from "../route.ts";
import { defineRoute } from "./_define-route.ts";
import { type EventQuery, eventIncludeQuery, eventQuery } from "./_event-query.ts";
import { toWireEvent, toWireEventDetail, wireEvent, wireEventDetail } from "./_event-wire.ts";
import { exampleDelivery, exampleEvent } from "./_examples.ts";
import { idField } from "./_fields.ts";
import { messages } from "./_validation.ts";
import type { KrafterParts } from "./parts.ts";
import type { EventList } from "./ports.ts";

/** What these routes use. */
export type EventParts = Pick<KrafterParts, "routing" | "events" | "replays">;

const destinationsMax = 1_000;

const path = "/webhooks/sources/:source_id/events";
const ofSource = z.object({ source_id: idField });
const ofEvent = z.object({ source_id: idField, event_id: idField });
const common = { tag: "Events" } as const;

const wireMeta = z.object({
  page: z.int().exactOptional(),
  per_page: z.int(),
  total: z.int().exactOptional().describe("Exact up to 10,000."),
  total_capped: z.boolean().exactOptional().describe("There are more than `total`."),
  next_cursor: z
    .string()
    .nullable()
    .exactOptional()
    .describe("Pass it as `cursor` to go on. Null: there is nothing more."),
});

/** Pages tell where they are and of how many; whoever follows a cursor is told where to go on. */
const toWireMeta = ({ position, limit }: EventQuery, { total, nextBefore }: EventList): z.output<typeof wireMeta> => {
  if (position.kind === "cursor" || total === null) return { per_page: limit, next_cursor: nextBefore };
  const meta = { page: position.page, per_page: limit, total: total.count };
  return total.capped ? { ...meta, total_capped: true, next_cursor: nextBefore } : meta;
};

/** An event of a source that still exists. */
const findEvent = async ({ routing, events }: EventParts, owner: Owner, params: z.output<typeof ofEvent>) => {
  const source = await getSource(routing, owner, params.source_id);
  if (source === null) return null;
  return events.find(owner, { sourceId: params.source_id, eventId: params.event_id });
};

const list = ({ routing, events }: EventParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "GET",
    path,
    scope: "webhooks:read",
    summary: "List events",
    params: ofSource,
    query: eventQuery,
    body: noFields,
    answers: {
      200: {
        description: "One page, newest first.",
        body: z.object({ data: z.array(wireEvent), meta: wireMeta }),
        example: { data: [exampleEvent], meta: { page: 1, per_page: 25, total: 1 } },
      },
    },
    find: (owner, { source_id }) => getSource(routing, owner, source_id),
    handle: async ({ owner, params, query }) => {
      const page = await events.list(owner, params.source_id, query);
      return answer(200, { data: page.events.map(toWireEvent), meta: toWireMeta(query, page) });
    },
  });

const get = (parts: EventParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "GET",
    path: `${path}/:event_id`,
    scope: "webhooks:read",
    summary: "Get an event",
    params: ofEvent,
    query: eventIncludeQuery,
    body: noFields,
    answers: {
      200: {
        description: "The event and its deliveries, oldest first.",
        body: z.object({ data: wireEventDetail }),
        example: { data: { ...exampleEvent, deliveries: [exampleDelivery] } },
      },
    },
    find: (owner, params) => findEvent(parts, owner, params),
    handle: async ({ query, found }) => {
      const detail = await parts.events.detail(found, { payload: query.payload });
      return answer(200, { data: toWireEventDetail(detail, query) });
    },
  });

const replay = (parts: EventParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "POST",
    path: `${path}/:event_id/replay`,
    scope: "webhooks:write",
    summary: "Replay an event",
    description:
      "Without a body, to the enabled destinations whose filter lets the event pass now. With `destination_ids`, to " +
      "those, whatever their filter. An event that was stored as invalid is verified again first, with today's secrets; " +
      "if it is invalid still, the answer is 422.",
    params: ofEvent,
    query: noFields,
    body: z.object({ destination_ids: z.array(idField).max(destinationsMax).optional() }),
    bodyExample: { destination_ids: [exampleDelivery.destination_id] },
    answers: {
      202: {
        description: "What was queued.",
        body: z.object({ data: z.object({ replayed_to: z.int(), queued_destination_ids: z.array(z.string()) }) }),
        example: { data: { replayed_to: 1, queued_destination_ids: [exampleDelivery.destination_id] } },
      },
    },
    find: (owner, params) => findEvent(parts, owner, params),
    handle: async ({ owner, params, body }) => {
      const outcome = await parts.replays.replayOne(owner, {
        sourceId: params.source_id,
        eventId: params.event_id,
        destinationIds: body.destination_ids,
      });
      switch (outcome.kind) {
        case "queued": {
          const ids = outcome.destinationIds;
          return answer(202, { data: { replayed_to: ids.length, queued_destination_ids: ids } });
        }
        case "not_found":
          return notFound;
        case "unknown_destination":
          return { kind: "invalid", details: { destination_ids: [messages.entry] } };
        case "invalid_signature":
          return answer(422, { error: "Cannot replay an event with an invalid signature" });
        case "unreadable":
          return unavailable("Cannot open the source's signing secret");
      }
    },
  });

/** The routes of stored events. */
export const eventRoutes = (parts: EventParts): readonly Route<Scope>[] => [list(parts), get(parts), replay(parts)];
