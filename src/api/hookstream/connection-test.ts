import { z } from "zod";

import { type Tried, tryConnection } from "../../delivery/try-connection.ts";
import type { StoredEvent } from "../../delivery/work.ts";
import type { Event, Payload } from "../../events/event.ts";
import type { Connection } from "../../routing/connection.ts";
import { findConnection } from "../../routing/read-connections.ts";
import { headerNameField, noFields, textField } from "../fields.ts";
import type { Owner } from "../route.ts";
import { defineRoute } from "./_define-route.ts";
import { idField, placeFields, toWireFlag, wireFlag } from "./_fields.ts";
import { settledBody } from "./_settled-body.ts";
import { refused, settled, type Settled } from "./_settled.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, invalidBody, notFound, type Route, unavailable } from "./route.ts";

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

/** A sample in the shape of an event that its source received and took. */
const sampleEvent = (
  { clock, routing }: Pick<ConnectionTestParts, "clock" | "routing">,
  { teamId, envId, sourceId }: Connection,
  sample: Sample,
): StoredEvent => {
  const payload = toPayload(sample);
  const event: Event = {
    id: routing.ids.next(),
    teamId,
    envId,
    sourceId,
    eventType: sample.event_type ?? null,
    status: "received",
    signatureValid: true,
    signatureReason: "ok",
    quarantined: false,
    providerEventId: null,
    dedup: null,
    schemaValid: null,
    method: payload.method,
    contentType: null,
    bodyBytes: payload.body.byteLength,
    bodyDropped: false,
    receivedAtMs: clock.nowMs(),
  };
  return { event, payload };
};

const wireTest = z.object({
  delivered: wireFlag.describe("Whether such an event would go along the connection, and out."),
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

/** What came of a transform that was tried. */
type Answered = Exclude<Tried["transformed"], { readonly kind: "unavailable" }>;

const toWireTransform = (transformed: Answered): WireTest["transform"] => {
  if (transformed === null) return { applied: 0, result: null, error: null };
  if (transformed.kind === "failed") return { applied: 1, result: null, error: transformed.error };
  const result: unknown = JSON.parse(Buffer.from(transformed.body).toString());
  return { applied: 1, result, error: null };
};

const toWireTest = ({ enabled }: Connection, tried: Tried, transformed: Answered): WireTest => ({
  delivered: toWireFlag(enabled && tried.passes && transformed?.kind !== "failed"),
  filter: {
    passed: toWireFlag(tried.passes),
    failed_rules: tried.rules.filter(({ holds }) => !holds).map(({ rule }) => rule),
  },
  transform: toWireTransform(transformed),
});

/** A stored event to try with; null when the owner has none of that id, `bodyless` when its body was not kept. */
const storedEvent = async (
  { events }: Pick<ConnectionTestParts, "events">,
  owner: Owner,
  eventId: Event["id"],
): Promise<StoredEvent | "bodyless" | null> => {
  const found = await events.find(owner, eventId);
  if (found === null) return null;
  const { event, payload } = await events.detail(found);
  return payload === null || event.bodyDropped ? "bodyless" : { event, payload };
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
      const stored =
        body.kind === "sample"
          ? sampleEvent(parts, connection, body.sample)
          : await storedEvent(parts, owner, body.eventId);
      if (stored === null) return notFound("Event");
      if (stored === "bodyless") return invalidBody("'event_id' is of an event whose body was not kept");
      const tried = await tryConnection(parts.transforms, connection, stored);
      const { transformed } = tried;
      return transformed?.kind === "unavailable"
        ? unavailable(`The transform cannot be tried now: ${transformed.message}`)
        : answer(200, { test: toWireTest(connection, tried, transformed) });
    },
  }),
];
