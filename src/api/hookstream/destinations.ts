import { z } from "zod";

import { dropDestination } from "../../routing/drop-destination.ts";
import { editDestination } from "../../routing/edit-destination.ts";
import { findDestination, pageDestinations } from "../../routing/environment-destinations.ts";
import { environmentDestinationsMax } from "../../routing/limits.ts";
import { makeDestination } from "../../routing/make-destination.ts";
import { noFields, present } from "../fields.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { destinationChangeFields, newDestinationFields } from "./_destination-fields.ts";
import { toWireDestination, wireDestination } from "./_destination-wire.ts";
import { exampleDestination } from "./_examples.ts";
import { idField, placeFields } from "./_fields.ts";
import { cursorFields, pageOf } from "./_pages.ts";
import { settleDestinationChanges, settleNewDestination } from "./_settle-destination.ts";
import { settledBody } from "./_settled-body.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, conflict, forbidden, invalidBody, notFound, type Route } from "./route.ts";

/** What these routes use. */
export type DestinationParts = Pick<HookstreamParts, "routing" | "choosePlace" | "access" | "delivery" | "checkUrl">;

const limitDefault = 20;

const ofDestination = z.object({ id: idField });
const common = { tag: "Destinations", names: "Destination" } as const;
const one = { body: z.object({ destination: wireDestination }), example: { destination: exampleDestination } };

const slugTaken = (slug: string | undefined) => conflict(`A destination with slug '${slug}' already exists`);

const full = {
  environment: forbidden(`Plan limit reached: an environment has at most ${environmentDestinationsMax} destinations`),
  team: forbidden("Plan limit reached: the organization has as many destinations as it may have"),
} as const;

const create = (parts: DestinationParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/destinations",
    scope: "webhooks:write",
    summary: "Create a destination",
    description: "A destination is one of your own URLs, and how it wants to be sent to. Connections lead to it.",
    params: noFields,
    query: noFields,
    body: settledBody(newDestinationFields, settleNewDestination),
    bodyExample: {
      name: "Billing",
      slug: "billing",
      url: "https://api.your-app.com/webhooks/stripe",
      auth_type: "bearer",
      auth_config: { token: "..." },
    },
    answers: { 201: { description: "The destination. What is secret in it is masked.", ...one } },
    refusals: { 409: "A destination with slug 'orders' already exists" },
    find: findNothing,
    handle: async ({ owner, body }) => {
      const verdict = await parts.checkUrl(body.url);
      if (!verdict.ok) return invalidBody(`'url' ${verdict.problem}`);
      const { maxDestinations } = await parts.access.limitsOf(owner.teamId);
      const made = await makeDestination(parts.routing, owner, body, { teamDestinationsMax: maxDestinations });
      switch (made.kind) {
        case "created":
          return answer(201, { destination: toWireDestination(made) });
        case "limit_reached":
          return full[made.of];
        case "slug_taken":
          return slugTaken(body.slug);
      }
    },
  });

const list = ({ routing, ...parts }: DestinationParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/destinations",
    scope: "webhooks:read",
    summary: "List destinations",
    params: noFields,
    query: z.object({ ...placeFields, ...cursorFields(limitDefault) }),
    body: noFields,
    answers: {
      200: {
        description: "One page of the environment's destinations, newest first.",
        body: z.object({
          destinations: z.array(wireDestination),
          cursor: z.string().nullable(),
          has_more: z.boolean(),
        }),
        example: { destinations: [exampleDestination], cursor: null, has_more: false },
      },
    },
    find: findNothing,
    handle: async ({ owner, query: { cursor, limit } }) => {
      const found = await pageDestinations(routing, owner, { limit: limit + 1, ...present({ before: cursor }) });
      const page = pageOf(found, limit, ({ destination }) => destination.id);
      const destinations = page.items.map(toWireDestination);
      return answer(200, { destinations, cursor: page.cursor, has_more: page.hasMore });
    },
  });

const get = ({ routing, ...parts }: DestinationParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/destinations/:id",
    scope: "webhooks:read",
    summary: "Get a destination",
    params: ofDestination,
    query: z.object(placeFields),
    body: noFields,
    answers: { 200: { description: "The destination.", ...one } },
    find: (owner, { id }) => findDestination(routing, owner, id),
    handle: ({ found }) => answer(200, { destination: toWireDestination(found) }),
  });

const update = (parts: DestinationParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "PATCH",
    path: "/destinations/:id",
    scope: "webhooks:write",
    summary: "Update a destination",
    description:
      "Only what is sent is changed, and what is sent as it was shown changes nothing, masks included. Null resets a field.",
    params: ofDestination,
    query: noFields,
    body: destinationChangeFields,
    bodyExample: { status: "disabled" },
    answers: { 200: { description: "The destination as it is now.", ...one } },
    refusals: { 409: "A destination with slug 'orders' already exists" },
    find: (owner, { id }) => findDestination(parts.routing, owner, id),
    handle: async ({ owner, params, body }) => {
      const verdict = body.url === undefined ? null : await parts.checkUrl(body.url);
      if (verdict?.ok === false) return invalidBody(`'url' ${verdict.problem}`);
      const changed = await editDestination(parts.routing, owner, params.id, (now) =>
        settleDestinationChanges(now, body),
      );
      switch (changed.kind) {
        case "refused":
          return invalidBody(`'${changed.field}' ${changed.message}`);
        case "updated": {
          const { id, enabled, enabling } = changed.after.destination;
          // Asked even when it was off before: the process may have died between the two steps of an earlier request.
          if (enabled) parts.delivery.wake(id);
          else {
            await parts.delivery.cancel({ destinationId: id, enablingBelow: enabling, reason: "destination_disabled" });
          }
          return answer(200, { destination: toWireDestination(changed.after) });
        }
        case "not_found":
          return notFound(common.names);
        case "slug_taken":
          return slugTaken(body.slug);
      }
    },
  });

const remove = (parts: DestinationParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "DELETE",
    path: "/destinations/:id",
    scope: "webhooks:write",
    summary: "Delete a destination",
    description: "Its connections and delivery attempts go with it, and what was on its way to it is cancelled.",
    params: ofDestination,
    query: z.object(placeFields),
    body: noFields,
    answers: {
      200: { description: "It is gone.", body: z.object({ success: z.literal(true) }), example: { success: true } },
    },
    find: (owner, { id }) => findDestination(parts.routing, owner, id),
    handle: async ({ owner, params }) => {
      const deleted = await dropDestination(parts.routing, owner, params.id);
      if (deleted === null) return notFound(common.names);
      const { id, enabling } = deleted;
      await parts.delivery.cancel({ destinationId: id, enablingBelow: enabling + 1, reason: "destination_deleted" });
      return answer(200, { success: true });
    },
  });

/** The routes of destinations. */
export const destinationRoutes = (parts: DestinationParts): readonly Route[] => [
  create(parts),
  list(parts),
  get(parts),
  update(parts),
  remove(parts),
];
