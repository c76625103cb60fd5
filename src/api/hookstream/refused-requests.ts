import { z } from "zod";

import type { RefusedRequest } from "../../ingest/read-refused.ts";
import { isoSeconds } from "../../lib/clock.ts";
import { getSource } from "../../routing/read-sources.ts";
import { noFields, present } from "../fields.ts";
import { defineRoute } from "./_define-route.ts";
import { idField, placeFields, toWireId, wireId, wireInstant } from "./_fields.ts";
import { cursorFields, pageOf } from "./_pages.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, type Route } from "./route.ts";

/** What this route uses. */
export type RefusedParts = Pick<HookstreamParts, "routing" | "choosePlace" | "readRefused">;

const limitDefault = 50;

const wireRefused = z.object({
  id: wireId,
  source_id: wireId,
  reason: z
    .string()
    .describe(
      "`invalid_signature`, `schema_invalid`, `ip_denied`, `ip_not_allowed`, `disabled`, `expired`, `request_limit`, `rate_limited`, `too_large`.",
    ),
  status: z.int().describe("What it was answered with."),
  method: z.string(),
  source_ip: z.string().nullable(),
  payload_size: z.int(),
  received_at: wireInstant,
});

type WireRefused = z.output<typeof wireRefused>;

const example: WireRefused = {
  id: "019dc7f50e527a91b3d78c4e6f1a2b93",
  source_id: "019dc7f12b407c3e9d513f6b0a8e4c27",
  reason: "invalid_signature",
  status: 401,
  method: "POST",
  source_ip: "203.0.113.7",
  payload_size: 512,
  received_at: "2026-04-26T09:06:00Z",
};

const toWireRefused = (refused: RefusedRequest): WireRefused => ({
  id: toWireId(refused.id),
  source_id: toWireId(refused.sourceId),
  reason: refused.reason,
  status: refused.status,
  method: refused.method,
  source_ip: refused.senderAddress,
  payload_size: refused.bodyBytes,
  received_at: isoSeconds(refused.receivedAtMs),
});

/** The route of what a source did not take. */
export const refusedRoutes = (parts: RefusedParts): readonly Route[] => [
  defineRoute(parts, {
    method: "GET",
    path: "/sources/:id/refused",
    scope: "webhooks:read",
    tag: "Sources",
    summary: "List refused requests",
    description: "The last 100 requests that a source did not take, newest first. They do not count as events.",
    params: z.object({ id: idField }),
    query: z.object({ ...placeFields, ...cursorFields(limitDefault) }),
    body: noFields,
    answers: {
      200: {
        description: "One page.",
        body: z.object({ refused: z.array(wireRefused), cursor: z.string().nullable(), has_more: z.boolean() }),
        example: { refused: [example], cursor: null, has_more: false },
      },
    },
    names: "Source",
    find: (owner, { id }) => getSource(parts.routing, owner, id),
    handle: async ({ owner, params, query: { cursor, limit } }) => {
      const rows = await parts.readRefused(owner, params.id, { limit: limit + 1, ...present({ before: cursor }) });
      const page = pageOf(rows, limit, ({ id }) => id);
      return answer(200, { refused: page.items.map(toWireRefused), cursor: page.cursor, has_more: page.hasMore });
    },
  }),
];
