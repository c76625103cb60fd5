import { z } from "zod";

import type { ReceivedEvent } from "../../events/read-received.ts";
import type { Id } from "../../lib/ids.ts";
import { networkOf } from "../../lib/ip.ts";
import { createSource } from "../../routing/create-source.ts";
import { deleteSource } from "../../routing/delete-source.ts";
import { newSessionToken, sessionDraft, sessionsMax } from "../../routing/session.ts";
import type { Source } from "../../routing/source.ts";
import { updateSource } from "../../routing/update-source.ts";
import { noFields, present } from "../fields.ts";
import { defineOpenRoute } from "./_define-route.ts";
import { toWireEventDetail, type WireEventDetail, wireEventDetail } from "./_event-wire.ts";
import { idField } from "./_fields.ts";
import { findSession, sessionNames, showSession, withToken } from "./_found-test-session.ts";
import { cursorFields, pageOf } from "./_pages.ts";
import { changeResponse, sessionResponseFields } from "./_test-session-response.ts";
import { exampleSession, sessionFields, toWireSession } from "./_test-session-wire.ts";
import type { HookstreamParts } from "./parts.ts";
import type { TestSessionPort } from "./ports.ts";
import { answer, notFound, type Outcome, type Route } from "./route.ts";

/** What these routes use. */
export type TestSessionParts = Pick<HookstreamParts, "routing" | "freshen" | "clock" | "readCounts" | "publicUrl"> & {
  readonly testSessions: TestSessionPort;
};

const eventsDefault = 20;

/** Bodies of one answer of an export, about: the last event may go beyond. */
const exportBytesMax = 4 * 1024 * 1024;
const exportPage = 50;

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

const crowded: Outcome = { kind: "refused", status: 503, error: "Too many test sessions; try again later" };

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
    handle: async ({ params, query: { cursor, limit }, head }) => {
      const found = await findSession(parts, params.id, head);
      if (found.kind === "refused") return found.outcome;
      const { source } = found;
      const asked = { limit: limit + 1, ...present({ before: cursor }) };
      const page = pageOf(
        await parts.testSessions.readReceived(source, source.id, asked),
        limit,
        ({ event }) => event.id,
      );
      return answer(200, {
        ...(await showSession(parts, source)),
        events: page.items.map((each) => toWireReceived(source, each)),
        cursor: page.cursor,
        has_more: page.hasMore,
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
    handle: async ({ params, body, head }) => {
      const found = await findSession(parts, params.id, head);
      if (found.kind === "refused") return found.outcome;
      const sessionResponse = changeResponse(found.source.sessionResponse, body);
      const changed = await updateSource(parts.routing, found.source, params.id, { sessionResponse });
      if (changed.kind !== "updated") return notFound(sessionNames.names);
      return answer(200, await showSession(parts, changed.after.source));
    },
  });

/** Events from the newest on, until there are no more or their bodies are enough for one answer. */
const collect = async (
  { testSessions }: TestSessionParts,
  source: Source,
  cursor: Id | undefined,
): Promise<{ events: readonly ReceivedEvent[]; isAll: boolean }> => {
  const events: ReceivedEvent[] = [];
  let before = cursor;
  for (let bytes = 0; bytes < exportBytesMax;) {
    const page = await testSessions.readReceived(source, source.id, { limit: exportPage, ...present({ before }) });
    events.push(...page);
    before = page.at(-1)?.event.id;
    if (page.length < exportPage) return { events, isAll: true };
    bytes += page.reduce((sum, { payload }) => sum + payload.body.byteLength, 0);
  }
  return { events, isAll: false };
};

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
    handle: async ({ params, query: { cursor }, head }) => {
      const found = await findSession(parts, params.id, head);
      if (found.kind === "refused") return found.outcome;
      const session = await showSession(parts, found.source);
      const { events, isAll } = await collect(parts, found.source, cursor);
      const shown = events.map((each) => toWireReceived(found.source, each));
      const last = isAll ? null : (shown.at(-1)?.id ?? null);
      const headers = { "content-disposition": `attachment; filename="session-${session.session_id}.json"` };
      return answer(200, { session, events: shown, cursor: last }, headers);
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
