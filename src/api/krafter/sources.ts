import { z } from "zod";

import type { Scope } from "../../access/scopes.ts";
import { createSource } from "../../routing/create-source.ts";
import { isConfigurable } from "../../routing/decide-source.ts";
import { deleteSource } from "../../routing/delete-source.ts";
import { sourcesMax } from "../../routing/limits.ts";
import { getSource, listSources } from "../../routing/read-sources.ts";
import { updateSource } from "../../routing/update-source.ts";
import { noFields } from "../fields.ts";
import { answer, invalid, notFound, type Route } from "../route.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { exampleSource } from "./_examples.ts";
import { idField } from "./_fields.ts";
import { genericOnly, newSourceBody, sourceChangesBody } from "./_source-body.ts";
import { toWireSource, wireSource } from "./_source-wire.ts";
import type { KrafterParts } from "./parts.ts";

/** What these routes use. */
export type SourceParts = Pick<KrafterParts, "routing" | "delivery" | "publicUrl" | "bodyLimitBytes" | "limitsOf">;

const sourceParams = z.object({ id: idField });
const one = { body: z.object({ data: wireSource }), example: { data: exampleSource } };
const common = { tag: "Sources", query: noFields } as const;

const withoutGenericOnly = (body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(body).filter(([name]) => !genericOnly.includes(name)));

/** Drops what only the configurable provider takes, unless that is who sends. */
const settle = (
  { routing }: SourceParts,
  body: Readonly<Record<string, unknown>>,
  providerNow: string,
): Readonly<Record<string, unknown>> => {
  const provider = body["provider"] ?? providerNow;
  const takesAll = typeof provider === "string" && isConfigurable(routing.catalog)(provider);
  return takesAll ? body : withoutGenericOnly(body);
};

const boundsOf = ({ routing, bodyLimitBytes }: SourceParts) => ({
  providers: [...routing.catalog.keys()],
  bodyLimitBytes,
});

const create = (parts: SourceParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "POST",
    path: "/webhooks/sources",
    scope: "webhooks:write",
    summary: "Create a source",
    description: "A source is one origin of webhooks: a provider's account, and the URL that it posts to.",
    params: noFields,
    body: newSourceBody(boundsOf(parts)),
    bodyExample: { name: "Stripe production", provider: "stripe", signing_secret: "whsec_..." },
    answers: { 201: { description: "The source.", ...one } },
    find: findNothing,
    prepare: (body) => settle(parts, body, "generic"),
    handle: async ({ owner, body }) => {
      const { maxSources } = await parts.limitsOf(owner.teamId);
      const created = await createSource(parts.routing, owner, body, { teamSourcesMax: maxSources });
      if (created.kind !== "created") {
        const max = Math.min(maxSources ?? sourcesMax, sourcesMax);
        return invalid({ base: [`can't have more than ${max} sources`] });
      }
      return answer(201, { data: toWireSource({ source: created.source, destinationsCount: 0 }, parts.publicUrl) });
    },
  });

const list = ({ routing, publicUrl }: SourceParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "GET",
    path: "/webhooks/sources",
    scope: "webhooks:read",
    summary: "List sources",
    params: noFields,
    body: noFields,
    answers: {
      200: {
        description: "All of them, newest first.",
        body: z.object({ data: z.array(wireSource) }),
        example: { data: [exampleSource] },
      },
    },
    find: findNothing,
    handle: async ({ owner }) => {
      const sources = await listSources(routing, owner);
      return answer(200, { data: sources.map((source) => toWireSource(source, publicUrl)) });
    },
  });

const get = ({ routing, publicUrl }: SourceParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "GET",
    path: "/webhooks/sources/:id",
    scope: "webhooks:read",
    summary: "Get a source",
    params: sourceParams,
    body: noFields,
    answers: { 200: { description: "The source.", ...one } },
    find: (owner, { id }) => getSource(routing, owner, id),
    handle: ({ found }) => answer(200, { data: toWireSource(found, publicUrl) }),
  });

const update = (parts: SourceParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "PATCH",
    path: "/webhooks/sources/:id",
    scope: "webhooks:write",
    summary: "Update a source",
    description:
      "Only what is sent is changed. A new `signing_secret` rotates: the one before is accepted for 24 hours more, unless " +
      "`rotate_immediately` is true; null drops both. Another `provider` resets the four `generic` settings.",
    params: sourceParams,
    body: sourceChangesBody(boundsOf(parts)),
    bodyExample: { retention_days: 90 },
    answers: { 200: { description: "The source as it is now.", ...one } },
    find: (owner, { id }) => getSource(parts.routing, owner, id),
    prepare: (body, { source }) => settle(parts, body, source.provider),
    handle: async ({ owner, params, body }) => {
      const changed = await updateSource(parts.routing, owner, params.id, body);
      if (changed.kind !== "updated") return notFound;
      return answer(200, { data: toWireSource(changed.after, parts.publicUrl) });
    },
  });

const remove = ({ routing, delivery }: SourceParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "DELETE",
    path: "/webhooks/sources/:id",
    scope: "webhooks:write",
    summary: "Delete a source",
    description: "Its destinations, events and deliveries go with it, and what was on its way is cancelled.",
    params: sourceParams,
    body: noFields,
    answers: { 204: { description: "It is gone.", body: null } },
    find: (owner, { id }) => getSource(routing, owner, id),
    handle: async ({ owner, params }) => {
      const deleted = await deleteSource(routing, owner, params.id);
      if (deleted === null) return notFound;
      await Promise.all(
        deleted.destinations.map(({ id, enabling }) =>
          delivery.cancel({ destinationId: id, enablingBelow: enabling + 1, reason: "destination_deleted" }),
        ),
      );
      return answer(204);
    },
  });

/** The routes of sources. */
export const sourceRoutes = (parts: SourceParts): readonly Route<Scope>[] => [
  create(parts),
  list(parts),
  get(parts),
  update(parts),
  remove(parts),
];
