import { z } from "zod";

import type { Scope } from "../../access/scopes.ts";
import { getDestination } from "../../routing/read-destinations.ts";
import { getSource } from "../../routing/read-sources.ts";
import { noFields } from "../fields.ts";
import { answer, type Owner, type Route } from "../route.ts";
import { defineRoute } from "./_define-route.ts";
import { toWireTest, type WireTest } from "./_destination-wire.ts";
import { idField } from "./_fields.ts";
import type { KrafterParts } from "./parts.ts";

/** What this route uses. */
export type DestinationTestParts = Pick<KrafterParts, "routing" | "sendTest">;

const params = z.object({ source_id: idField, id: idField });

const wireTest: z.ZodType<WireTest> = z.union([
  z.object({ ok: z.boolean(), status: z.int() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

/** What is tested, or null when the owner has no such pair. */
const findTarget = async (
  { routing }: DestinationTestParts,
  owner: Owner,
  { source_id: sourceId, id: destinationId }: z.output<typeof params>,
) => {
  const found = await getSource(routing, owner, sourceId);
  const linked = await getDestination(routing, owner, { sourceId, destinationId });
  return found === null || linked === null ? null : { source: found.source, destination: linked.destination };
};

/** The route that sends a test. */
export const destinationTestRoute = (parts: DestinationTestParts): Route<Scope> =>
  defineRoute({
    method: "POST",
    path: "/webhooks/sources/:source_id/destinations/:id/test",
    scope: "webhooks:write",
    tag: "Destinations",
    summary: "Test a destination",
    description:
      "Sends one signed request now, with `x-krafter-test: true` and the body " +
      '`{"event":"test","data":{"message":"Test delivery from Krafter","timestamp":"…"},"source_id":"…"}`. ' +
      "It never counts as a failure of the destination.",
    params,
    query: noFields,
    body: noFields,
    answers: {
      200: {
        description: "The destination answered, below 500. `ok` is true for 2xx.",
        body: wireTest,
        example: { ok: true, status: 200 },
      },
      422: {
        description: "It could not be reached, its address is refused, or it answered 5xx.",
        body: wireTest,
        example: { ok: false, error: "the connection was refused" },
      },
    },
    find: (owner, key) => findTarget(parts, owner, key),
    handle: async ({ found }) => {
      const { status, body } = toWireTest(await parts.sendTest(found));
      return answer(status, body);
    },
  });
