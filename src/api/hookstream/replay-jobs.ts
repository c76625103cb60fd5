import { z } from "zod";

import type { Id } from "../../lib/ids.ts";
import type { Replay } from "../../replay/replay.ts";
import type { ResumeOutcome } from "../../replay/resume-replay.ts";
import type { RoadWish } from "../../replay/start-road.ts";
import { findDestination } from "../../routing/environment-destinations.ts";
import { findConnection } from "../../routing/read-connections.ts";
import { getSource } from "../../routing/read-sources.ts";
import { instantField, noFields, present, textField } from "../fields.ts";
import type { Owner } from "../route.ts";
import { defineRoute, findNothing } from "./_define-route.ts";
import { toEventStatus, wireStatuses } from "./_event-query.ts";
import { idField, placeFields, toWireId } from "./_fields.ts";
import { fromJson } from "./_json-fields.ts";
import { exampleJob, exampleLaterJobId, toWireJob, wireJob } from "./_replay-job-wire.ts";
import type { HookstreamParts } from "./parts.ts";
import { answer, conflict, invalidBody, notFound, type Outcome, type Route } from "./route.ts";

/** What these routes use. */
export type ReplayJobParts = Pick<HookstreamParts, "choosePlace" | "routing" | "replays">;

const rateDefault = 10;
const rateMax = 100;
const eventsDefault = 1_000;
const eventsMax = 10_000;
const eventTypeCharsMax = 255;

const ofJob = z.object({ id: idField });
const common = { tag: "Replay", names: "Replay job" } as const;

/** Null is as good as nothing. */
const orAbsent = <Value>(value: Value | null | undefined): Value | undefined => value ?? undefined;

const rateField = z.int().min(1).max(rateMax).nullish();

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
    rate_limit: rateField.describe("Events per second. Default: 10."),
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

const startKeys = { id: true, status: true, total: true } as const;

const started = (replay: Replay) => {
  const { id, status, total } = toWireJob(replay);
  return answer(201, { job: { id, status, total } });
};

const tooMany = (max: number): string => `${max} replay jobs to this destination run already`;

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
        body: z.object({ job: wireJob.pick(startKeys) }),
        example: { job: { id: exampleJob.id, status: "running", total: 342 } },
      },
    },
    refusals: { 404: "Destination not found", 409: tooMany(20) },
    find: findNothing,
    handle: async ({ owner, body }) => {
      const missing = await missingOf(parts, owner, body);
      if (missing !== null) return missing;
      const outcome = await parts.replays.startRoad(owner, body);
      switch (outcome.kind) {
        case "started":
          return started(outcome.replay);
        case "not_connected":
          return invalidBody("'destination_id' has no such connection");
        case "limit_reached":
          return conflict(tooMany(outcome.max));
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
    params: ofJob,
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

const cancel = (parts: ReplayJobParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/replay/:id/cancel",
    scope: "webhooks:write",
    summary: "Cancel a replay job",
    description: "What is not sent yet is not sent, until the job is resumed. One that has ended stays as it is.",
    params: ofJob,
    query: z.object(placeFields),
    body: noFields,
    answers: {
      200: {
        description: "The job as it ended.",
        body: z.object({ job: wireJob }),
        example: { job: { ...exampleJob, status: "cancelled", processed: 120, succeeded: 120, failed: 0 } },
      },
    },
    find: (owner, { id }) => parts.replays.getRoad(owner, id),
    handle: async ({ owner, found }) => {
      const ended = await parts.replays.cancel(owner, { sourceId: found.sourceId, replayId: found.id });
      return ended === null ? notFound(common.names) : answer(200, { job: toWireJob(ended) });
    },
  });

/** Why a job cannot be gone on with. */
const hindrance = (outcome: Exclude<ResumeOutcome, { kind: "started" | "not_found" }>): string => {
  switch (outcome.kind) {
    case "running":
      return "The replay job is running; cancel it first";
    case "completed":
      return "The replay job is completed";
    case "ending":
      return "The replay job is ending: attempts are under way; try again in a few seconds";
    case "resumed":
      return `The replay job is resumed by ${toWireId(outcome.by)}`;
    case "cut_too_often":
      return `${outcome.max} replay jobs before this one were cancelled early, too; make a new one`;
    case "limit_reached":
      return tooMany(outcome.max);
  }
};

const resume = (parts: ReplayJobParts): Route =>
  defineRoute(parts, {
    ...common,
    method: "POST",
    path: "/replay/:id/resume",
    scope: "webhooks:write",
    summary: "Resume a replay job",
    description:
      "Makes a job that goes on where one was cancelled, or failed, along the same road: it sends what was cancelled and what " +
      "had not had its turn, and not again what was sent. Each can be resumed once; `resumed_by` then names the job that goes on.",
    params: ofJob,
    query: noFields,
    body: z.object({
      ...placeFields,
      rate_limit: rateField.describe("Events per second. Default: as the job had it."),
    }),
    bodyExample: { rate_limit: 20 },
    answers: {
      201: {
        description: "The job that goes on. `total` is what is left.",
        body: z.object({ job: wireJob.pick(startKeys) }),
        example: { job: { id: exampleLaterJobId, status: "running", total: 222 } },
      },
    },
    refusals: { 409: hindrance({ kind: "running" }) },
    find: (owner, { id }) => parts.replays.getRoad(owner, id),
    handle: async ({ owner, found, body }) => {
      const ratePerSecond = orAbsent(body.rate_limit);
      const outcome = await parts.replays.resume(owner, {
        sourceId: found.sourceId,
        replayId: found.id,
        ratePerSecond,
      });
      if (outcome.kind === "started") return started(outcome.replay);
      return outcome.kind === "not_found" ? notFound(common.names) : conflict(hindrance(outcome));
    },
  });

/** The routes of replay jobs. */
export const replayJobRoutes = (parts: ReplayJobParts): readonly Route[] => [
  create(parts),
  get(parts),
  cancel(parts),
  resume(parts),
];
