import { z } from "zod";

import { editDestination } from "../../routing/edit-destination.ts";
import { findDestination } from "../../routing/environment-destinations.ts";
import { noFields } from "../fields.ts";
import { defineRoute } from "./_define-route.ts";
import { toWireCircuit, wireCircuit } from "./_destination-wire.ts";
import { exampleCircuit } from "./_examples.ts";
import { idField, placeFields } from "./_fields.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, notFound, type Route } from "./route.ts";

/** What these routes use. */
export type CircuitParts = Pick<HookstreamParts, "routing" | "choosePlace" | "delivery" | "dueTime">;

const common = { tag: "Destinations", names: "Destination", params: z.object({ id: idField }) } as const;
const one = { body: z.object({ circuit: wireCircuit }), example: { circuit: exampleCircuit } };

const get = (parts: CircuitParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/destinations/:id/circuit",
    scope: "webhooks:read",
    summary: "Get a circuit",
    description: "While it is open, nothing is sent and no attempt is used up.",
    query: z.object(placeFields),
    body: noFields,
    answers: { 200: { description: "Where the circuit stands.", ...one } },
    find: (owner, { id }) => findDestination(parts.routing, owner, id),
    handle: ({ found: { destination } }) => answer(200, { circuit: toWireCircuit(destination, parts.dueTime.nowMs()) }),
  });

const reset = (parts: CircuitParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/destinations/:id/circuit/reset",
    scope: "webhooks:write",
    summary: "Reset a circuit",
    description: "Forgets its failures. What waits is sent at once, in order.",
    query: z.object(placeFields),
    body: noFields,
    answers: { 200: { description: "The circuit, closed.", ...one } },
    find: (owner, { id }) => findDestination(parts.routing, owner, id),
    handle: async ({ owner, params }) => {
      const changed = await editDestination(parts.routing, owner, params.id, () => ({
        kind: "settled",
        value: { closesCircuit: true },
      }));
      if (changed.kind !== "updated") return notFound(common.names);
      parts.delivery.wake(params.id);
      return answer(200, { circuit: toWireCircuit(changed.after.destination, parts.dueTime.nowMs()) });
    },
  });

/** The routes of destinations' circuits. */
export const circuitRoutes = (parts: CircuitParts): readonly Route[] => [get(parts), reset(parts)];
