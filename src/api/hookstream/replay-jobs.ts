import { z } from "zod";

import { isoSeconds } from "../../lib/clock.ts";
import type { Id } from "../../lib/ids.ts";
import type { Replay } from "../../replay/replay.ts";
import type { RoadWish } from "../../replay/start-road.ts";
import { findDestination } from "../../routing/environment-destinations.ts";
import { findConnection } from "../../routing/read-connections.ts";
import { getSource } from "../../routing/read-sources.ts";
import { instantField, noFields, present, textField } from "../fields.ts";
import type { Owner } from "../route.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { toEventStatus, wireStatuses } from "./_event-query.ts";
import { idField, placeFields, toWireId, wireId, wireInstant } from "./_fields.ts";
import { fromJson } from "./_json-fields.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, conflict, invalidBody, notFound, type Outcome, type Route } from "./route.ts";

/** What these routes use. */
export type ReplayJobParts = Pick<HookstreamParts, "choosePlace" | "routing" | "replays">;

const rateDefault = 10;
const rateMax = 100;
const eventsDefault = 1_000;
const eventsMax = 10_000;
const eventTypeCharsMax = 255;

const common = { tag: "Replay", names: "Replay job" } as const;

/** Null is as good as nothing. */
const orAbsent = <Value>(value: Value | null | undefined): Value | undefined => value ?? undefined;

const jobBody: z.ZodType<RoadWish> = z
  .object({
    ...placeFields,
    destination_id: idField.describe("Where the events are sent to."),
    from: instantField.describe("Received at or after."),
    to: instantField.describe("Received before."),
    source_id: idField.nullish().describe("Default: all sources that are connected to the destination."),
    connection_id: idField.nullish().describe("Default: along every connection to it. Filters count as they are now."),
    filter: fromJson(
      z.strictObject({
        event_type: textField(eventTypeCharsMax).optional(),
        status: z.enum(wireStatuses).optional(),
      }),
    )
      .nullish()
      .describe("`{event_type, status}`: events of this type, or of which this has become."),
    rate_limit: z.int().min(1).max(rateMax).nullish().describe("Events per second. Default: 10."),
    max_events: z.int().min(1).max(eventsMax).nullish().describe("The oldest so many. Default: 1000."),
  })
  // Not the other way round: one that is no time is told as that alone.
  .refine(({ from, to }) => !(from >= to), { path: ["to"], error: "must be after from" })
  .transform((body) => ({
    destinationId: body.destination_id,
    sourceId: orAbsent(body.source_id),
    connectionId: orAbsent(body.connection_id),
    selection: present({
      eventType: body.filter?.event_type,
      status: body.filter?.status && toEventStatus(body.filter.status),
      fromMs: body.from,
      toMs: body.to,
    }),
    ratePerSecond: body.rate_limit ?? rateDefault,
    eventsMax: body.max_events ?? eventsDefault,
  }));

const wireJob = z.object({
  id: wireId,
  destination_id: wireId,
  connection_id: wireId.nullable(),
  source_ids: z.string().describe("JSON."),
  from: wireInstant.nullable(),
  to: wireInstant.nullable(),
  rate_limit: z.int().nullable(),
  status: z.enum(["running", "completed", "cancelled", "failed"]),
  total: z.int(),
  processed: z.int().describe("Events that were looked at: sent on, or left out because nothing takes them now."),
  succeeded: z.int(),
  failed: z.int().describe("Deliveries that failed, or were cancelled. They are not tried again."),
  started_at: wireInstant,
  completed_at: wireInstant.nullable(),
});

type WireJob = z.output<typeof wireJob>;

const toIdOrNull = (id: Id | null | undefined): string | null =>
  id === null || id === undefined ? null : toWireId(id);

const toInstant = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : isoSeconds(ms);

const toWireJob = (replay: Replay): WireJob => ({
  id: toWireId(replay.id),
  destination_id: toWireId(replay.sourceId),
  connection_id: toIdOrNull(replay.road?.connectionId),
  source_ids: JSON.stringify(replay.road?.sourceIds.map(toWireId) ?? []),
  from: toInstant(replay.filter.fromMs),
  to: toInstant(replay.filter.toMs),
  rate_limit: replay.ratePerSecond,
  status: replay.status,
  total: replay.total,
  processed: replay.queued + replay.skipped,
  succeeded: replay.succeeded,
  failed: replay.failed + replay.cancelled,
  started_at: isoSeconds(replay.createdAtMs),
  completed_at: toInstant(replay.endedAtMs),
});

const exampleJob: WireJob = {
  id: "019dc8a011f37c558f0a2b3c4d5e6f70",
  destination_id: "019dc7f290a17d048b1c5e2f7c9a1d38",
  connection_id: null,
  source_ids: '["019dc7f12b407c3e9d513f6b0a8e4c27"]',
  from: "2026-04-26T00:00:00Z",
  to: "2026-04-27T00:00:00Z",
  rate_limit: 10,
  status: "completed",
  total: 342,
  processed: 342,
  succeeded: 340,
  failed: 2,
  started_at: "2026-04-27T09:00:00Z",
  completed_at: "2026-04-27T09:00:35Z",
};

const isThere = async (id: Id | undefined, find: (id: Id) => Promise<unknown>): Promise<boolean> =>
  id === undefined || (await find(id)) !== null;

/** The thing that a wish names and the owner does not have; null when all are there. */
const missingOf = async (
  { routing }: ReplayJobParts,
  owner: Owner,
  { destinationId, sourceId, connectionId }: RoadWish,
): Promise<Outcome | null> => {
  if (!(await isThere(destinationId, (id) => findDestination(routing, owner, id)))) return notFound("Destination");
  if (!(await isThere(sourceId, (id) => getSource(routing, owner, id)))) return notFound("Source");
  if (!(await isThere(connectionId, (id) => findConnection(routing, owner, id)))) return notFound("Connection");
  return null;
};

const create = (parts: ReplayJobParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/replay",
    scope: "webhooks:write",
    summary: "Replay events",
    description:
      "Sends stored events to one destination, in the order in which they were received, beside what arrives. Each is " +
      "tried once. The job is kept for 24 hours after it has ended.",
    params: noFields,
    query: noFields,
    body: jobBody,
    bodyExample: {
      destination_id: exampleJob.destination_id,
      from: exampleJob.from,
      to: exampleJob.to,
      rate_limit: 20,
    },
    answers: {
      201: {
        description: "The job. It runs from now on.",
        body: z.object({ job: wireJob.pick({ id: true, status: true, total: true }) }),
        example: { job: { id: exampleJob.id, status: "running", total: 342 } },
      },
    },
    find: findNothing,
    handle: async ({ owner, body }) => {
      const missing = await missingOf(parts, owner, body);
      if (missing !== null) return missing;
      const outcome = await parts.replays.startRoad(owner, body);
      switch (outcome.kind) {
        case "started": {
          const { id, status, total } = toWireJob(outcome.replay);
          return answer(201, { job: { id, status, total } });
        }
        case "not_connected":
          return invalidBody("'destination_id' has no such connection");
        case "limit_reached":
          return conflict(`${outcome.max} replay jobs to this destination run already`);
      }
    },
  });

const get = (parts: ReplayJobParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "GET",
    path: "/replay/:id",
    scope: "webhooks:read",
    summary: "Get a replay job",
    params: z.object({ id: idField }),
    query: z.object(placeFields),
    body: noFields,
    answers: {
      200: {
        description: "How far it has come.",
        body: z.object({ job: wireJob }),
        example: { job: exampleJob },
      },
    },
    find: (owner, { id }) => parts.replays.getRoad(owner, id),
    handle: ({ found }) => answer(200, { job: toWireJob(found) }),
  });

/** The routes of replay jobs. */
export const replayJobRoutes = (parts: ReplayJobParts): readonly Route[] => [create(parts), get(parts)];
