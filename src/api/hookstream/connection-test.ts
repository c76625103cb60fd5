import { z } from "zod";

import { transformInput } from "../../delivery/transform-body.ts";
import type { Event, Payload } from "../../events/event.ts";
import { isoSeconds } from "../../lib/clock.ts";
import { type Connection, passes } from "../../routing/connection.ts";
import { type EventFacts, factsOf } from "../../routing/event-facts.ts";
import type { FilterRule } from "../../routing/filter-rule.ts";
import { compileFilter } from "../../routing/filter.ts";
import { findConnection } from "../../routing/read-connections.ts";
import type { TransformInput } from "../../transforms/transform.ts";
import { headerNameField, noFields, textField } from "../fields.ts";
import type { Owner } from "../route.ts";
import { defineRoute } from "./_define-route.ts";
import { idField, placeFields, toWireFlag, toWireId, wireFlag } from "./_fields.ts";
import { settledBody } from "./_settled-body.ts";
import { refused, settled, type Settled } from "./_settled.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, invalidBody, notFound, type Route } from "./route.ts";

/** What this route uses. */
export type ConnectionTestParts = Pick<HookstreamParts, "routing" | "choosePlace" | "events" | "transforms" | "clock">;

const headersMax = 100;
const headerCharsMax = 8_192;
const queryCharsMax = 8_192;

const sampleFields = z.object({
  payload: z.unknown().optional().describe("JSON. Absent: an empty body."),
  headers: z
    .record(headerNameField.min(1), textField(headerCharsMax))
    .refine((headers) => Object.keys(headers).length <= headersMax, `must have at most ${headersMax} entries`)
    .optional(),
  method: textField(32).toUpperCase().optional().describe("Default: `POST`."),
  query: textField(queryCharsMax).optional().describe("Without the question mark."),
  source_ip: textField(64).optional(),
  event_type: textField(255).optional(),
});

type Sample = z.output<typeof sampleFields>;

const testFields: z.ZodType<{ event_id?: Event["id"] | undefined; sample?: Sample | undefined }> = z.object({
  ...placeFields,
  event_id: idField.optional().describe("A stored event of the environment."),
  sample: sampleFields.optional().describe("An event that never was, in its place."),
});

/** What to try a connection with: a stored event, or one that never was. */
type Wish =
  | { readonly kind: "event"; readonly eventId: Event["id"] }
  | { readonly kind: "sample"; readonly sample: Sample };

const settleTest = ({ event_id: eventId, sample }: z.output<typeof testFields>): Settled<Wish> => {
  if (eventId !== undefined && sample !== undefined) return refused("sample", "can't be combined with event_id");
  if (eventId !== undefined) return settled({ kind: "event", eventId });
  return sample === undefined ? refused("event_id", "or a sample is required") : settled({ kind: "sample", sample });
};

/** What a connection is tried with. */
type Tried = { readonly eventType: string | null; readonly facts: EventFacts; readonly input: TransformInput };

/** A sample is JSON unless it says what it is. */
const isJsonText = (headers: Sample["headers"]): boolean =>
  Object.keys(headers ?? {}).every((name) => name.toLowerCase() !== "content-type");

const toPayload = (sample: Sample): Payload => {
  const headers = Object.entries(sample.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
  const type = isJsonText(sample.headers) ? [["content-type", "application/json"] as const] : [];
  return {
    method: sample.method ?? "POST",
    query: sample.query ?? "",
    senderAddress: sample.source_ip ?? null,
    headers: [...type, ...headers],
    body: sample.payload === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(sample.payload)),
  };
};

const triedSample = (sample: Sample, { sourceId }: Connection, nowMs: number): Tried => {
  const payload = toPayload(sample);
  const eventType = sample.event_type ?? null;
  const { body, headers, method, query, senderAddress } = payload;
  const event = {
    id: null,
    source_id: toWireId(sourceId),
    type: eventType,
    received_at: isoSeconds(nowMs),
    source_ip: senderAddress,
  };
  return { eventType, facts: factsOf(payload), input: { body, headers, method, query, event } };
};

const wireTest = z.object({
  delivered: wireFlag.describe(
    "Whether such an event would be sent along the connection, and reach the receiver's door.",
  ),
  filter: z.object({
    passed: wireFlag,
    failed_rules: z.array(z.unknown()).describe("Those that do not hold."),
  }),
  transform: z.object({
    applied: wireFlag,
    result: z.unknown().describe("What would be sent. Null: the body as it came, or nothing."),
    error: z.string().nullable(),
  }),
});

type WireTest = z.output<typeof wireTest>;

const filterOf = (connection: Connection, { eventType, facts }: Tried): WireTest["filter"] => {
  const rules: readonly FilterRule[] = connection.filterRules ?? [];
  const failed: unknown[] = rules.filter((rule) => !compileFilter([rule])(facts));
  const isOfType = passes(connection.eventFilter, eventType);
  return { passed: toWireFlag(failed.length === 0 && isOfType), failed_rules: failed };
};

const transformOf = async (
  { transforms }: Pick<ConnectionTestParts, "transforms">,
  { teamId, transformEnabled, transformExpression }: Connection,
  { input }: Tried,
): Promise<WireTest["transform"]> => {
  if (!transformEnabled || transformExpression === null) return { applied: 0, result: null, error: null };
  // Counts against who asks, and not against what is delivered.
  const made = await transforms.transform(teamId, transformExpression, input);
  switch (made.kind) {
    case "transformed": {
      const result: unknown = JSON.parse(Buffer.from(made.body).toString());
      return { applied: 1, result, error: null };
    }
    case "failed":
      return { applied: 1, result: null, error: made.error };
    case "unavailable":
      return { applied: 1, result: null, error: made.message };
  }
};

/** A stored event to try with; null when the owner has none of that id, `bodyless` when its body was not kept. */
const triedEvent = async (
  { events }: Pick<ConnectionTestParts, "events">,
  owner: Owner,
  eventId: Event["id"],
): Promise<Tried | "bodyless" | null> => {
  const found = await events.find(owner, eventId);
  if (found === null) return null;
  const { event, payload } = await events.detail(found);
  if (payload === null || event.bodyDropped) return "bodyless";
  return { eventType: event.eventType, facts: factsOf(payload), input: transformInput({ event, payload }) };
};

/** The route that tries a connection. */
export const connectionTestRoutes = (parts: ConnectionTestParts): readonly Route[] => [
  defineRoute(parts, {
    tag: "Connections",
    names: "Connection",
    method: "POST",
    path: "/connections/:id/test",
    scope: "webhooks:write",
    summary: "Test a connection",
    description: "Shows what its filter says of an event, and what its transform makes of it. Nothing is sent.",
    params: z.object({ id: idField }),
    query: noFields,
    body: settledBody(testFields, settleTest),
    bodyExample: { sample: { payload: { type: "invoice.paid", amount: 1_200 } } },
    answers: {
      200: {
        description: "What would come of it.",
        body: z.object({ test: wireTest }),
        example: {
          test: {
            delivered: 1,
            filter: { passed: 1, failed_rules: [] },
            transform: { applied: 1, result: { paid: 12 }, error: null },
          },
        },
      },
    },
    find: (owner, { id }) => findConnection(parts.routing, owner, id),
    handle: async ({ owner, body, found: connection }) => {
      const tried =
        body.kind === "sample"
          ? triedSample(body.sample, connection, parts.clock.nowMs())
          : await triedEvent(parts, owner, body.eventId);
      if (tried === null) return notFound("Event");
      if (tried === "bodyless") return invalidBody("'event_id' is of an event whose body was not kept");
      const filter = filterOf(connection, tried);
      const transform = await transformOf(parts, connection, tried);
      const isDelivered = connection.enabled && filter.passed === 1 && transform.error === null;
      const test: WireTest = { delivered: toWireFlag(isDelivered), filter, transform };
      return answer(200, { test });
    },
  }),
];
