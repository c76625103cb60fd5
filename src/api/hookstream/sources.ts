import { z } from "zod";

import { createSource } from "../../routing/create-source.ts";
import { deleteSource } from "../../routing/delete-source.ts";
import { getSource, pageSources } from "../../routing/read-sources.ts";
import { updateSource } from "../../routing/update-source.ts";
import { noFields, present } from "../fields.ts";
import { settleChanges } from "./_changed-source.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { exampleSource } from "./_examples.ts";
import { idField, placeFields } from "./_fields.ts";
import { settleNewSource } from "./_new-source.ts";
import { cursorFields, pageOf } from "./_pages.ts";
import { settledBody } from "./_settled-body.ts";
import { type ShowParts, showSource, showSources, unmaskedConfig } from "./_shown-source.ts";
import { newSourceFields, sourceChangeFields } from "./_source-fields.ts";
import { fullOutcome } from "./_source-limits.ts";
import { shownTemplate, wireSource } from "./_source-wire.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, conflict, invalidBody, notFound, type Route } from "./route.ts";

/** What these routes use. */
export type SourceParts = ShowParts & Pick<HookstreamParts, "routing" | "choosePlace" | "access" | "delivery">;

const limitDefault = 20;

const ofSource = z.object({ id: idField });
const common = { tag: "Sources", names: "Source" } as const;
const one = { body: z.object({ source: wireSource }), example: { source: exampleSource } };

const slugTaken = (slug: string | undefined) => conflict(`A source with slug '${slug}' already exists`);

const create = (parts: SourceParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/sources",
    scope: "webhooks:write",
    summary: "Create a source",
    description: "Creates a webhook source, with a template's verification where one is named.",
    params: noFields,
    query: noFields,
    body: settledBody(newSourceFields, (sent) =>
      settleNewSource({ catalog: parts.routing.catalog, nowMs: parts.clock.nowMs() }, sent),
    ),
    bodyExample: {
      name: "Stripe production",
      slug: "stripe-production",
      template: "stripe",
      verification_secret: "whsec_...",
      dedup_strategy: "provider_id",
    },
    answers: { 201: { description: "The source, with the secret that was sent.", ...one } },
    refusals: { 409: "A source with slug 'stripe' already exists" },
    find: findNothing,
    handle: async ({ owner, body }) => {
      const { maxSources } = await parts.access.limitsOf(owner.teamId);
      const created = await createSource(parts.routing, owner, body, { teamSourcesMax: maxSources });
      switch (created.kind) {
        case "created": {
          const set = { secret: body.signingSecret, config: body.sourceConfig };
          return answer(201, { source: await showSource(parts, created.source, set) });
        }
        case "limit_reached":
          return fullOutcome[created.of];
        case "slug_taken":
          return slugTaken(body.slug);
      }
    },
  });

const list = (parts: SourceParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/sources",
    scope: "webhooks:read",
    summary: "List sources",
    params: noFields,
    query: z.object({
      ...placeFields,
      status: z.enum(["active", "paused", "disabled"]).optional(),
      ...cursorFields(limitDefault),
    }),
    body: noFields,
    answers: {
      200: {
        description: "One page of the environment's sources, newest first.",
        body: z.object({ sources: z.array(wireSource), cursor: z.string().nullable(), has_more: z.boolean() }),
        example: { sources: [exampleSource], cursor: null, has_more: false },
      },
    },
    find: findNothing,
    handle: async ({ owner, query: { cursor, limit, status } }) => {
      const asked = { limit: limit + 1, ...present({ before: cursor, status }) };
      const page = pageOf(await pageSources(parts.routing, owner, asked), limit, ({ id }) => id);
      const sources = await showSources(parts, page.items);
      return answer(200, { sources, cursor: page.cursor, has_more: page.hasMore });
    },
  });

const get = (parts: SourceParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/sources/:id",
    scope: "webhooks:read",
    summary: "Get a source",
    params: ofSource,
    query: z.object(placeFields),
    body: noFields,
    answers: { 200: { description: "The source.", ...one } },
    find: (owner, { id }) => getSource(parts.routing, owner, id),
    handle: async ({ found }) => answer(200, { source: await showSource(parts, found.source) }),
  });

const update = (parts: SourceParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "PATCH",
    path: "/sources/:id",
    scope: "webhooks:write",
    summary: "Update a source",
    description:
      "Only what is sent is changed, and what is sent as it was shown changes nothing, masks included. Null resets a field.",
    params: ofSource,
    query: noFields,
    body: sourceChangeFields,
    bodyExample: { status: "paused" },
    answers: { 200: { description: "The source as it is now.", ...one } },
    refusals: { 409: "A source with slug 'stripe' already exists" },
    find: (owner, { id }) => getSource(parts.routing, owner, id),
    handle: async ({ owner, params, body, found: { source } }) => {
      const { catalog } = parts.routing;
      const now = { source, template: shownTemplate(catalog, source) };
      const config = unmaskedConfig(parts, params.id, body.source_config);
      const settled = settleChanges({ catalog }, now, body, config);
      if (settled.kind === "refused") return invalidBody(`'${settled.field}' ${settled.message}`);
      const changed = await updateSource(parts.routing, owner, params.id, settled.value);
      switch (changed.kind) {
        case "updated": {
          const set = { secret: settled.value.signingSecret, config: body.source_config };
          return answer(200, { source: await showSource(parts, changed.after.source, set) });
        }
        case "not_found":
          return notFound(common.names);
        case "slug_taken":
          return slugTaken(body.slug);
      }
    },
  });

const remove = (parts: SourceParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "DELETE",
    path: "/sources/:id",
    scope: "webhooks:write",
    summary: "Delete a source",
    description: "Its connections, events and deliveries go with it, and what was on its way is cancelled.",
    params: ofSource,
    query: z.object(placeFields),
    body: noFields,
    answers: {
      200: {
        description: "It is gone.",
        body: z.object({ success: z.literal(true) }),
        example: { success: true },
      },
    },
    find: (owner, { id }) => getSource(parts.routing, owner, id),
    handle: async ({ owner, params }) => {
      const deleted = await deleteSource(parts.routing, owner, params.id);
      if (deleted === null) return notFound(common.names);
      await Promise.all(
        deleted.destinations.map(({ id, enabling }) =>
          parts.delivery.cancel({ destinationId: id, enablingBelow: enabling + 1, reason: "destination_deleted" }),
        ),
      );
      return answer(200, { success: true });
    },
  });

/** The routes of sources. */
export const sourceRoutes = (parts: SourceParts): readonly Route[] => [
  create(parts),
  list(parts),
  get(parts),
  update(parts),
  remove(parts),
];
