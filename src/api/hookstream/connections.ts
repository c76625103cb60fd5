import { z } from "zod";

import { dropConnection, editConnection, makeConnection } from "../../routing/change-connections.ts";
import { destinationsMax } from "../../routing/limits.ts";
import { findConnection, pageConnections } from "../../routing/read-connections.ts";
import type { ExpressionProblem } from "../../transforms/transformer.ts";
import { expressionProblem } from "../expression-problem.ts";
import { noFields, present } from "../fields.ts";
import {
  connectionChangeFields,
  newConnectionFields,
  settleConnection,
  settleNewConnection,
} from "./_connection-fields.ts";
import { connectionName, toWireConnection, wireConnection } from "./_connection-wire.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { exampleConnection } from "./_examples.ts";
import { idField, placeFields } from "./_fields.ts";
import { cursorFields, pageOf } from "./_pages.ts";
import { settledBody } from "./_settled-body.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, forbidden, invalidBody, notFound, type Outcome, type Route, unavailable } from "./route.ts";

/** What these routes use. */
export type ConnectionParts = Pick<HookstreamParts, "routing" | "choosePlace" | "delivery" | "transforms">;

const limitDefault = 20;

const ofConnection = z.object({ id: idField });
const common = { tag: "Connections", names: "Connection" } as const;
const one = { body: z.object({ connection: wireConnection }), example: { connection: exampleConnection } };

const refusedExpression = (problem: ExpressionProblem): Outcome =>
  problem.kind === "failed"
    ? invalidBody(`'transform_expression' ${problem.error}`)
    : unavailable(`The expression cannot be checked now: ${problem.message}`);

const create = (parts: ConnectionParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/connections",
    scope: "webhooks:write",
    summary: "Create a connection",
    description:
      "Leads events from a source to a destination. Two may be connected more than once: each connection delivers.",
    params: noFields,
    query: noFields,
    body: settledBody(newConnectionFields, settleNewConnection),
    bodyExample: {
      source_id: exampleConnection.source_id,
      destination_id: exampleConnection.destination_id,
      name: "Paid invoices to billing",
      filter_rules: [{ field: "payload.type", op: "eq", value: "invoice.paid" }],
    },
    answers: { 201: { description: "The connection.", ...one } },
    refusals: { 404: "Source not found" },
    find: findNothing,
    handle: async ({ owner, body }) => {
      const problem = await expressionProblem(parts.transforms, owner, body);
      if (problem !== null) return refusedExpression(problem);
      const made = await makeConnection(parts.routing, owner, body);
      switch (made.kind) {
        case "created":
          return answer(201, { connection: toWireConnection(made.connection, parts.routing.table) });
        case "source_not_found":
          return notFound("Source");
        case "destination_not_found":
          return notFound("Destination");
        case "limit_reached":
          return forbidden(`Plan limit reached: a source has at most ${destinationsMax} connections`);
      }
    },
  });

const list = (parts: ConnectionParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/connections",
    scope: "webhooks:read",
    summary: "List connections",
    params: noFields,
    query: z.object({
      ...placeFields,
      source_id: idField.optional(),
      destination_id: idField.optional(),
      ...cursorFields(limitDefault),
    }),
    body: noFields,
    answers: {
      200: {
        description: "One page of the environment's connections, newest first.",
        body: z.object({ connections: z.array(wireConnection), cursor: z.string().nullable(), has_more: z.boolean() }),
        example: { connections: [exampleConnection], cursor: null, has_more: false },
      },
    },
    find: findNothing,
    handle: async ({ owner, query }) => {
      const { cursor, limit, source_id: sourceId, destination_id: destinationId } = query;
      const asked = { limit: limit + 1, ...present({ before: cursor, sourceId, destinationId }) };
      const page = pageOf(await pageConnections(parts.routing, owner, asked), limit, ({ id }) => id);
      const connections = page.items.map((connection) => toWireConnection(connection, parts.routing.table));
      return answer(200, { connections, cursor: page.cursor, has_more: page.hasMore });
    },
  });

const get = (parts: ConnectionParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/connections/:id",
    scope: "webhooks:read",
    summary: "Get a connection",
    params: ofConnection,
    query: z.object(placeFields),
    body: noFields,
    answers: { 200: { description: "The connection.", ...one } },
    find: (owner, { id }) => findConnection(parts.routing, owner, id),
    handle: ({ found }) => answer(200, { connection: toWireConnection(found, parts.routing.table) }),
  });

const update = (parts: ConnectionParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "PATCH",
    path: "/connections/:id",
    scope: "webhooks:write",
    summary: "Update a connection",
    description:
      "Only what is sent is changed. Filters count for what arrives from then on, an expression from the next attempt on. " +
      "Null resets a field.",
    params: ofConnection,
    query: noFields,
    body: connectionChangeFields,
    bodyExample: { enabled: false },
    answers: { 200: { description: "The connection as it is now.", ...one } },
    find: (owner, { id }) => findConnection(parts.routing, owner, id),
    handle: async ({ owner, params, body, found }) => {
      const { table } = parts.routing;
      // What is sent as it is shown says nothing.
      const shown = toWireConnection(found, table);
      const { name, ...rest } = body;
      const isShown = name === connectionName(found, shown.destination_name);
      const settled = settleConnection(isShown ? rest : body, found);
      if (settled.kind === "refused") return invalidBody(`'${settled.field}' ${settled.message}`);
      const problem = await expressionProblem(parts.transforms, owner, settled.value);
      if (problem !== null) return refusedExpression(problem);
      const changed = await editConnection(parts.routing, owner, params.id, settled.value);
      if (changed === null) return notFound(common.names);
      return answer(200, { connection: toWireConnection(changed.after, table) });
    },
  });

const remove = (parts: ConnectionParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "DELETE",
    path: "/connections/:id",
    scope: "webhooks:write",
    summary: "Delete a connection",
    description: "What was on its way along it is cancelled.",
    params: ofConnection,
    query: z.object(placeFields),
    body: noFields,
    answers: {
      200: { description: "It is gone.", body: z.object({ success: z.literal(true) }), example: { success: true } },
    },
    find: (owner, { id }) => findConnection(parts.routing, owner, id),
    handle: async ({ owner, params }) => {
      const dropped = await dropConnection(parts.routing, owner, params.id);
      if (dropped === null) return notFound(common.names);
      parts.delivery.wake(dropped.destinationId);
      return answer(200, { success: true });
    },
  });

/** The routes of connections. */
export const connectionRoutes = (parts: ConnectionParts): readonly Route[] => [
  create(parts),
  list(parts),
  get(parts),
  update(parts),
  remove(parts),
];
