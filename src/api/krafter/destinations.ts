import { z } from "zod";

import type { Scope } from "../../access/scopes.ts";
import { plainConnection } from "../../routing/connection.ts";
import { createDestination } from "../../routing/create-destination.ts";
import { deleteDestination } from "../../routing/delete-destination.ts";
import { destinationsMax, environmentDestinationsMax } from "../../routing/limits.ts";
import { getDestination, listDestinations } from "../../routing/read-destinations.ts";
import { getSource } from "../../routing/read-sources.ts";
import { updateDestination } from "../../routing/update-destination.ts";
import { generateSecret } from "../../signing/secret.ts";
import { noFields } from "../fields.ts";
import { answer, invalid, notFound, type Owner, type Route } from "../route.ts";
import { checkTransform } from "./_check-transform.ts";
import { defineRoute } from "./_define-route.ts";
import { destinationChangesBody, newDestinationBody } from "./_destination-body.ts";
import {
  toWireDestination,
  toWireNewDestination,
  wireDestination,
  wireNewDestination,
  withoutShown,
} from "./_destination-wire.ts";
import { exampleDestination, exampleNewDestination } from "./_examples.ts";
import { idField } from "./_fields.ts";
import type { KrafterParts } from "./parts.ts";

/** What these routes use. */
export type DestinationParts = Pick<
  KrafterParts,
  "routing" | "limitsOf" | "delivery" | "dueTime" | "transforms" | "checkUrl" | "deliveryTimeoutMs"
>;

const path = "/webhooks/sources/:source_id/destinations";
const ofSource = z.object({ source_id: idField });
const ofDestination = z.object({ source_id: idField, id: idField });
const one = { body: z.object({ data: wireDestination }), example: { data: exampleDestination } };
const common = { tag: "Destinations", query: noFields } as const;

const tooMany = (of: "source" | "environment" | "team", maxDestinations: number | null): string => {
  const max = { source: destinationsMax, environment: environmentDestinationsMax, team: maxDestinations }[of];
  return `can't have more than ${max} destinations`;
};

const findDestination = ({ routing }: DestinationParts, owner: Owner, params: z.output<typeof ofDestination>) =>
  getDestination(routing, owner, { sourceId: params.source_id, destinationId: params.id });

const create = (parts: DestinationParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "POST",
    path,
    scope: "webhooks:write",
    summary: "Create a destination",
    description: "A destination is one of your own URLs. The answer shows its `secret`, once.",
    params: ofSource,
    body: newDestinationBody({
      timeoutMs: parts.deliveryTimeoutMs,
      newSecret: () => generateSecret(parts.routing.random),
    }),
    bodyExample: { url: "https://api.your-app.com/webhooks/stripe", event_filter: ["invoice.paid"] },
    answers: {
      201: {
        description: "The destination, with its secret.",
        body: z.object({ data: wireNewDestination }),
        example: { data: exampleNewDestination },
      },
    },
    find: (owner, { source_id }) => getSource(parts.routing, owner, source_id),
    handle: async ({ owner, params, body: { transform: wish, ...draft } }) => {
      const verdict = await parts.checkUrl(draft.url);
      if (!verdict.ok) return invalid({ url: [verdict.problem] });
      const transform = await checkTransform(parts, owner, wish, plainConnection);
      if (transform.kind === "refused") return transform.outcome;
      const { maxDestinations } = await parts.limitsOf(owner.teamId);
      const where = { sourceId: params.source_id, teamDestinationsMax: maxDestinations };
      const created = await createDestination(parts.routing, owner, where, { ...draft, ...transform.value });
      switch (created.kind) {
        case "created": {
          const made = { ...created, secret: draft.secret };
          return answer(201, { data: toWireNewDestination(made, parts.dueTime.nowMs()) });
        }
        case "source_gone":
          return notFound;
        case "limit_reached":
          return invalid({ base: [tooMany(created.of, maxDestinations)] });
      }
    },
  });

const list = ({ routing, dueTime }: DestinationParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "GET",
    path,
    scope: "webhooks:read",
    summary: "List destinations",
    params: ofSource,
    body: noFields,
    answers: {
      200: {
        description: "All of the source's, newest first, without secrets.",
        body: z.object({ data: z.array(wireDestination) }),
        example: { data: [exampleDestination] },
      },
    },
    find: (owner, { source_id }) => getSource(routing, owner, source_id),
    handle: async ({ owner, params }) => {
      const destinations = await listDestinations(routing, owner, params.source_id);
      const dueNowMs = dueTime.nowMs();
      return answer(200, { data: destinations.map((linked) => toWireDestination(linked, dueNowMs)) });
    },
  });

const get = (parts: DestinationParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "GET",
    path: `${path}/:id`,
    scope: "webhooks:read",
    summary: "Get a destination",
    params: ofDestination,
    body: noFields,
    answers: { 200: { description: "The destination, without its secret.", ...one } },
    find: (owner, params) => findDestination(parts, owner, params),
    handle: ({ found }) => answer(200, { data: toWireDestination(found, parts.dueTime.nowMs()) }),
  });

const update = (parts: DestinationParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "PATCH",
    path: `${path}/:id`,
    scope: "webhooks:write",
    summary: "Update a destination",
    description:
      "Only what is sent is changed. `enabled: true` switches a destination on again that was disabled after failures; " +
      "`failure_count` returns to 0 with the next success.",
    params: ofDestination,
    body: destinationChangesBody,
    bodyExample: { enabled: true },
    answers: { 200: { description: "The destination as it is now.", ...one } },
    find: (owner, params) => findDestination(parts, owner, params),
    prepare: (body, found) => withoutShown(body, toWireDestination(found, parts.dueTime.nowMs())),
    handle: async ({ owner, params, body: { transform: wish, ...changes }, found }) => {
      const verdict = changes.url === undefined ? null : await parts.checkUrl(changes.url);
      if (verdict?.ok === false) return invalid({ url: [verdict.problem] });
      const transform = await checkTransform(parts, owner, wish, found.connection);
      if (transform.kind === "refused") return transform.outcome;
      const key = { sourceId: params.source_id, destinationId: params.id };
      const changed = await updateDestination(parts.routing, owner, key, { ...changes, ...transform.value });
      if (changed === null) return notFound;
      const { id, enabled, enabling } = changed.after.destination;
      // Asked even when it was off before: the process may have died between the two steps of an earlier request.
      if (enabled) parts.delivery.wake(id);
      else {
        await parts.delivery.cancel({ destinationId: id, enablingBelow: enabling, reason: "destination_disabled" });
      }
      return answer(200, { data: toWireDestination(changed.after, parts.dueTime.nowMs()) });
    },
  });

const remove = (parts: DestinationParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "DELETE",
    path: `${path}/:id`,
    scope: "webhooks:write",
    summary: "Delete a destination",
    description: "Its delivery attempts go with it, and what was on its way to it is cancelled.",
    params: ofDestination,
    body: noFields,
    answers: { 204: { description: "It is gone.", body: null } },
    find: (owner, params) => findDestination(parts, owner, params),
    handle: async ({ owner, params }) => {
      const key = { sourceId: params.source_id, destinationId: params.id };
      const deleted = await deleteDestination(parts.routing, owner, key);
      if (deleted === null) return notFound;
      if (deleted.gone === "destination") {
        const { id, enabling } = deleted.destination;
        await parts.delivery.cancel({
          destinationId: id,
          enablingBelow: enabling + 1,
          reason: "destination_deleted",
        });
      }
      return answer(204);
    },
  });

/** The routes of destinations. */
export const destinationRoutes = (parts: DestinationParts): readonly Route<Scope>[] => [
  create(parts),
  list(parts),
  get(parts),
  update(parts),
  remove(parts),
];
