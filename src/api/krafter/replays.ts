import { z } from "zod";

import type { Scope } from "../../access/scopes.ts";
import { eventStatuses } from "../../events/event.ts";
import { getSource } from "../../routing/read-sources.ts";
import { instantField, noFields, present, textField } from "../fields.ts";
import { answer, invalid, notFound, type Owner, type Route } from "../route.ts";
import { defineRoute } from "./_define-route.ts";
import { toWireEvent, wireEvent } from "./_event-wire.ts";
import { exampleEvent, exampleLaterReplayId, exampleReplay } from "./_examples.ts";
import { idField } from "./_fields.ts";
import { toWireReplay, wireReplay } from "./_replay-wire.ts";
import { messages } from "./_validation.ts";
import type { KrafterParts } from "./parts.ts";
import type { ReplayFilter, ResumeOutcome } from "./ports.ts";

/** What these routes use. */
export type ReplayParts = Pick<KrafterParts, "routing" | "replays">;

const destinationsMax = 1_000;
const ratePerSecondMax = 1_000;

const path = "/webhooks/sources/:source_id/replays";
const ofSource = z.object({ source_id: idField });
const ofReplay = z.object({ source_id: idField, id: idField });
const common = { tag: "Replays", query: noFields } as const;
const one = { body: z.object({ data: wireReplay }), example: { data: exampleReplay } };

type Wish = { filter: ReplayFilter; ratePerSecond: number | null; isDryRun: boolean };

const wishBody: z.ZodType<Wish> = z
  .object({
    event_type: textField(255).optional(),
    status: z
      .enum([...eventStatuses, "cancelled"])
      .optional()
      .describe("`cancelled`: those whose newest delivery to some destination was cancelled."),
    from: instantField.optional().describe("Received at or after."),
    to: instantField.optional().describe("Received before."),
    destination_ids: z
      .array(idField)
      .max(destinationsMax)
      .optional()
      .describe("Left out: enabled destinations whose filter lets the event pass now."),
    rate_per_second: z
      .int()
      .min(1)
      .max(ratePerSecondMax)
      .optional()
      .describe("Events per second, to each destination. Left out: as fast as it goes."),
    dry_run: z.boolean().default(false).describe("Tells what would be sent, and sends nothing."),
  })
  .transform((body) => ({
    filter: present({
      eventType: body.event_type,
      status: body.status,
      fromMs: body.from,
      toMs: body.to,
      destinationIds: body.destination_ids,
    }),
    ratePerSecond: body.rate_per_second ?? null,
    isDryRun: body.dry_run,
  }));

const tooMany = (max: number): string => `can't have more than ${max} replays running`;

const unknownDestination = invalid({ destination_ids: [messages.entry] });

const plan = async ({ replays }: ReplayParts, owner: Owner, sourceId: string, { filter }: Wish) => {
  const planned = await replays.plan(owner, sourceId, filter);
  if (planned.kind === "unknown_destination") return unknownDestination;
  return answer(200, { data: { total: planned.total, sample: planned.sample.map(toWireEvent) } });
};

const start = async ({ replays }: ReplayParts, owner: Owner, sourceId: string, wish: Wish) => {
  const started = await replays.start(owner, sourceId, wish);
  switch (started.kind) {
    case "started":
      return answer(202, { data: toWireReplay(started.replay) });
    case "unknown_destination":
      return unknownDestination;
    case "limit_reached":
      return invalid({ base: [tooMany(started.max)] });
  }
};

const create = (parts: ReplayParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "POST",
    path,
    scope: "webhooks:write",
    summary: "Replay many events",
    description: "Sends all events of a filter again, beside live traffic. Without a filter: all of the source's.",
    params: ofSource,
    body: wishBody,
    bodyExample: { event_type: "invoice.paid", status: "failed", from: "2026-04-26T00:00:00Z" },
    answers: {
      200: {
        description:
          "With `dry_run`: what would be sent. `total` is a lower bound for a source of more than 500,000 events.",
        body: z.object({ data: z.object({ total: z.int(), sample: z.array(wireEvent) }) }),
        example: { data: { total: 1, sample: [exampleEvent] } },
      },
      202: { description: "The replay, which runs.", ...one },
    },
    find: (owner, { source_id }) => getSource(parts.routing, owner, source_id),
    handle: ({ owner, params, body }) => (body.isDryRun ? plan : start)(parts, owner, params.source_id, body),
  });

const list = ({ routing, replays }: ReplayParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "GET",
    path,
    scope: "webhooks:read",
    summary: "List replays",
    params: ofSource,
    body: noFields,
    answers: {
      200: {
        description: "The source's, newest first.",
        body: z.object({ data: z.array(wireReplay) }),
        example: { data: [exampleReplay] },
      },
    },
    find: (owner, { source_id }) => getSource(routing, owner, source_id),
    handle: async ({ owner, params }) => {
      const all = await replays.list(owner, params.source_id);
      return answer(200, { data: all.map(toWireReplay) });
    },
  });

const findReplay = async ({ routing, replays }: ReplayParts, owner: Owner, params: z.output<typeof ofReplay>) => {
  const source = await getSource(routing, owner, params.source_id);
  if (source === null) return null;
  return replays.get(owner, { sourceId: params.source_id, replayId: params.id });
};

const get = (parts: ReplayParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "GET",
    path: `${path}/:id`,
    scope: "webhooks:read",
    summary: "Get a replay",
    params: ofReplay,
    body: noFields,
    answers: { 200: { description: "The replay, and how far it has come.", ...one } },
    find: (owner, params) => findReplay(parts, owner, params),
    handle: ({ found }) => answer(200, { data: toWireReplay(found) }),
  });

const cancel = (parts: ReplayParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "DELETE",
    path: `${path}/:id`,
    scope: "webhooks:write",
    summary: "Cancel a replay",
    description: "What is not sent yet is not sent, until the replay is resumed. One that has ended stays as it is.",
    params: ofReplay,
    body: noFields,
    answers: {
      200: {
        description: "The replay as it ended.",
        ...one,
        example: { data: { ...exampleReplay, status: "cancelled" } },
      },
    },
    find: (owner, params) => findReplay(parts, owner, params),
    handle: async ({ owner, params }) => {
      const ended = await parts.replays.cancel(owner, { sourceId: params.source_id, replayId: params.id });
      return ended === null ? notFound : answer(200, { data: toWireReplay(ended) });
    },
  });

const resumeBody = z.object({
  rate_per_second: z
    .int()
    .min(1)
    .max(ratePerSecondMax)
    .nullable()
    .optional()
    .describe("Left out: as the replay had it. Null: as fast as it goes."),
});

/** Why a replay cannot be gone on with, as the end of a sentence about it. */
const hindrance = (outcome: Exclude<ResumeOutcome, { kind: "started" | "not_found" }>): string => {
  switch (outcome.kind) {
    case "running":
      return "is running; cancel it first";
    case "completed":
      return "is completed";
    case "ending":
      return "is ending: attempts are under way; try again in a few seconds";
    case "resumed":
      return `is resumed by ${outcome.by}`;
    case "cut_too_often":
      return `can't be resumed: ${outcome.max} before it were cancelled early, too; make a new one`;
    case "limit_reached":
      return tooMany(outcome.max);
  }
};

const resume = (parts: ReplayParts): Route<Scope> =>
  defineRoute({
    ...common,
    method: "POST",
    path: `${path}/:id/resume`,
    scope: "webhooks:write",
    summary: "Resume a replay",
    description:
      "Makes a replay that goes on where one was cancelled, or failed: with the same filter, it sends what was cancelled " +
      "and what had not had its turn, and nothing twice. Each can be resumed once; `resumed_by` then names the replay that goes on.",
    params: ofReplay,
    body: resumeBody,
    bodyExample: { rate_per_second: 50 },
    answers: {
      202: {
        description: "The replay that goes on. `total` is what is left.",
        ...one,
        example: {
          data: {
            ...exampleReplay,
            id: exampleLaterReplayId,
            total: 80,
            queued: 0,
            succeeded: 0,
            failed: 0,
            resumes: exampleReplay.id,
          },
        },
      },
    },
    find: (owner, params) => findReplay(parts, owner, params),
    handle: async ({ owner, params, body }) => {
      const { source_id: sourceId, id: replayId } = params;
      const outcome = await parts.replays.resume(owner, { sourceId, replayId, ratePerSecond: body.rate_per_second });
      if (outcome.kind === "started") return answer(202, { data: toWireReplay(outcome.replay) });
      return outcome.kind === "not_found" ? notFound : invalid({ base: [hindrance(outcome)] });
    },
  });

/** The routes of bulk replays. */
export const replayRoutes = (parts: ReplayParts): readonly Route<Scope>[] => [
  create(parts),
  list(parts),
  get(parts),
  cancel(parts),
  resume(parts),
];
