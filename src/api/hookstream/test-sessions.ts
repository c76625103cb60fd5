import { z } from "zod";

import type { ReceivedEvent } from "../../events/read-received.ts";
import type { Id } from "../../lib/ids.ts";
import { networkOf } from "../../lib/ip.ts";
import { createSource } from "../../routing/create-source.ts";
import { deleteSource } from "../../routing/delete-source.ts";
import { newSessionToken, sessionDraft, sessionRequestsMax, sessionsMax } from "../../routing/session.ts";
import type { Source } from "../../routing/source.ts";
import { updateSource } from "../../routing/update-source.ts";
import { noFields, present } from "../fields.ts";
import { defineOpenRoute } from "./_define-route.ts";
import { toWireEventDetail, type WireEventDetail, wireEventDetail } from "./_event-wire.ts";
import { idField, toWireId } from "./_fields.ts";
import { findSession, sessionNames, showSession, withToken, sessionRefusals } from "./_found-test-session.ts";
import { cursorFields } from "./_pages.ts";
import { changeResponse, sessionResponseFields } from "./_test-session-response.ts";
import { exampleSession, sessionFields, toWireSession } from "./_test-session-wire.ts";
import type { HookstreamParts } from "./parts.ts";
import type { TestSessionPort } from "./ports.ts";
import { answer, notFound, type Outcome, type Route, unavailable } from "./route.ts";

/** What these routes use. */
export type TestSessionParts = Pick<HookstreamParts, "routing" | "freshen" | "clock" | "readCounts" | "publicUrl"> & {
  readonly testSessions: TestSessionPort;
};

const eventsDefault = 20;

/** Bodies of one answer, about: the last events may go beyond. */
const readBytesMax = 1024 * 1024;
const exportBytesMax = 4 * 1024 * 1024;

/** Events that are read at once. */
const pageSize = 20;

/** Nothing is connected to a session, so nothing was tried. */
const toWireReceived = (source: Source, { event, payload }: ReceivedEvent): WireEventDetail =>
  toWireEventDetail({ event, source, payload, attempts: [] });

const ofSession = z.object({ id: idField });
const limited = (retryAfterSeconds: number): Outcome => ({
  kind: "refused",
  status: 429,
  error: "Rate limit exceeded: 10 sessions an hour",
  retryAfterSeconds,
});

const crowded = unavailable("Too many test sessions; try again later");

const open = (parts: TestSessionParts): Route =>
  defineOpenRoute({
    ...sessionNames,
    method: "POST",
    path: "/test/sessions",
    summary: "Create a test session",
    description: "Makes a URL that takes requests for two weeks. Without a key; ten an hour from one address.",
    params: noFields,
    query: noFields,
    body: noFields,
    answers: {
      201: {
        description: "The session, and the token that reads, changes, claims and deletes it. It is shown once.",
        body: z.object({ ...sessionFields, token: z.string() }),
        example: { ...exampleSession, token: "hs_session_..." },
      },
    },
    handle: async ({ head }) => {
      const verdict = parts.testSessions.openLimit(networkOf(head.address ?? "nowhere"));
      if (verdict.kind === "limited") return limited(verdict.retryAfterSeconds);
      const token = newSessionToken(parts.routing.random);
      const draft = sessionDraft(token, parts.clock.nowMs());
      const limits = { teamSourcesMax: sessionsMax };
      const created = await createSource(parts.routing, await parts.testSessions.place(), draft, limits);
      if (created.kind !== "created") return crowded;
      return answer(201, { ...toWireSession(created.source, 0, parts.publicUrl), token });
    },
  });

type Collected = { readonly events: readonly ReceivedEvent[]; readonly isAll: boolean };

/** Events from the newest on, until there are `most`, or no more, or their bodies are enough for one answer. */
const collect = async (
  { testSessions }: TestSessionParts,
  source: Source,
  { before, most, bytesMax }: { readonly before: Id | undefined; readonly most: number; readonly bytesMax: number },
): Promise<Collected> => {
  const events: ReceivedEvent[] = [];
  for (let bytes = 0; bytes < bytesMax && events.length <= most;) {
    const page = {
      limit: Math.min(pageSize, most + 1 - events.length),
      ...present({ before: events.at(-1)?.event.id ?? before }),
    };
    const found = await testSessions.readReceived(source, source.id, page);
    events.push(...found);
    if (found.length < page.limit) return { events, isAll: events.length <= most };
    bytes += found.reduce((sum, { payload }) => sum + payload.body.byteLength, 0);
  }
  return { events: events.slice(0, most), isAll: false };
};

const cursorOf = ({ events, isAll }: Collected): string | null => {
  const last = events.at(-1);
  return isAll || last === undefined ? null : toWireId(last.event.id);
};

const read = (parts: TestSessionParts): Route =>
  defineOpenRoute({
    ...sessionNames,
    method: "GET",
    path: "/test/sessions/:id",
    summary: "Get a test session",
    description: `The session and what it received, newest first. ${withToken}`,
    params: ofSession,
    query: z.object(cursorFields(eventsDefault)),
    body: noFields,
    answers: {
      200: {
        description: "The session, and one page of requests.",
        body: z.object({
          ...sessionFields,
          events: z.array(wireEventDetail),
          cursor: z.string().nullable(),
          has_more: z.boolean(),
        }),
        example: { ...exampleSession, events: [], cursor: null, has_more: false },
      },
    },
    refusals: sessionRefusals,
    handle: async ({ params, query: { cursor, limit }, head }) => {
      const found = await findSession(parts, params.id, head);
      if (found.kind === "refused") return found.outcome;
      const { source } = found;
      const collected = await collect(parts, source, { before: cursor, most: limit, bytesMax: readBytesMax });
      const next = cursorOf(collected);
      return answer(200, {
        ...(await showSession(parts, source)),
        events: collected.events.map((each) => toWireReceived(source, each)),
        cursor: next,
        has_more: next !== null,
      });
    },
  });

const respond = (parts: TestSessionParts): Route =>
  defineOpenRoute({
    ...sessionNames,
    method: "PATCH",
    path: "/test/sessions/:id/response",
    summary: "Set what a test session answers with",
    description: `Only what is sent is changed; null resets a field, and all three the whole answer. ${withToken}`,
    params: ofSession,
    query: noFields,
    body: sessionResponseFields,
    bodyExample: { status: 202, content_type: "application/json", body: '{"accepted":true}' },
    answers: {
      200: { description: "The session as it is now.", body: z.object(sessionFields), example: exampleSession },
    },
    refusals: sessionRefusals,
    handle: async ({ params, body, head }) => {
      const found = await findSession(parts, params.id, head);
      if (found.kind === "refused") return found.outcome;
      const sessionResponse = changeResponse(found.source.sessionResponse, body);
      const changed = await updateSource(parts.routing, found.source, params.id, { sessionResponse });
      if (changed.kind !== "updated") return notFound(sessionNames.names);
      return answer(200, await showSession(parts, changed.after.source));
    },
  });

const exportAll = (parts: TestSessionParts): Route =>
  defineOpenRoute({
    ...sessionNames,
    method: "GET",
    path: "/test/sessions/:id/export",
    summary: "Export a test session",
    description: `All that it received, as a file; with more than 4 MiB of bodies, in several. ${withToken}`,
    params: ofSession,
    query: z.object({ cursor: idField.optional().describe("The `cursor` of the file before.") }),
    body: noFields,
    answers: {
      200: {
        description: "The session, and its requests, newest first.",
        body: z.object({
          session: z.object(sessionFields),
          events: z.array(wireEventDetail),
          cursor: z.string().nullable(),
        }),
        example: { session: exampleSession, events: [], cursor: null },
      },
    },
    refusals: sessionRefusals,
    handle: async ({ params, query: { cursor }, head }) => {
      const found = await findSession(parts, params.id, head);
      if (found.kind === "refused") return found.outcome;
      const session = await showSession(parts, found.source);
      const collected = await collect(parts, found.source, {
        before: cursor,
        most: sessionRequestsMax,
        bytesMax: exportBytesMax,
      });
      const events = collected.events.map((each) => toWireReceived(found.source, each));
      const headers = { "content-disposition": `attachment; filename="session-${session.session_id}.json"` };
      return answer(200, { session, events, cursor: cursorOf(collected) }, headers);
    },
  });

const remove = (parts: TestSessionParts): Route =>
  defineOpenRoute({
    ...sessionNames,
    method: "DELETE",
    path: "/test/sessions/:id",
    summary: "Delete a test session",
    description: `What it received goes with it. ${withToken}`,
    params: ofSession,
    query: noFields,
    body: noFields,
    answers: {
      200: { description: "It is gone.", body: z.object({ success: z.literal(true) }), example: { success: true } },
    },
    refusals: sessionRefusals,
    handle: async ({ params, head }) => {
      const found = await findSession(parts, params.id, head);
      if (found.kind === "refused") return found.outcome;
      const deleted = await deleteSource(parts.routing, found.source, params.id);
      return deleted === null ? notFound(sessionNames.names) : answer(200, { success: true });
    },
  });

/** The routes of test sessions: sources that strangers make, and that go after two weeks. */
export const testSessionRoutes = (parts: TestSessionParts): readonly Route[] => [
  open(parts),
  read(parts),
  respond(parts),
  exportAll(parts),
  remove(parts),
];
