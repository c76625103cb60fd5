import { expect, test } from "vitest";

import { http } from "../../harness/http.ts";
import { eventually } from "../support/engine.ts";
import { callerOf } from "../support/hookstream.ts";
import { freshDirectory } from "../support/store.ts";
import { connect } from "../support/web-socket.ts";
import { startNode } from "./_nodes.ts";

test("a test session that was made at one node takes events, and is read and claimed, at the other", async () => {
  const directory = freshDirectory();
  const environment = { ANONYMOUS_SESSIONS: "on" };
  const [first, second] = [await startNode(directory, { environment }), await startNode(directory, { environment })];
  const made = await callerOf(first)("POST", "/v1/test/sessions", { key: null });
  const { session_id: id, token } = made.body;
  const withToken = { key: null, headers: { "x-session-token": String(token) } };
  const path = `/v1/test/sessions/${id}`;
  await callerOf(second)("PATCH", `${path}/response`, { ...withToken, body: { status: 202 } });
  await callerOf(first)("GET", path, withToken);
  const send = (url: string) => http(`${url}/v1/ingest/${id}`, { method: "POST", body: "{}" });
  expect([(await send(second.url)).status, (await send(first.url)).status]).toEqual([202, 202]);
  expect((await callerOf(second)("GET", path, withToken)).body.request_count).toBe(2);
  const claimed = await callerOf(second)("POST", `${path}/claim`, { ...withToken, key: second.key });
  expect([claimed.status, claimed.body.source.event_count]).toEqual([200, 2]);
  expect((await callerOf(first)("GET", path, withToken)).status).toBe(404);
  const owned = await callerOf(first)("GET", `/v1/sources/${id}`);
  expect([owned.status, owned.body.source.is_ephemeral]).toEqual([200, 0]);
});

test("strangers at two nodes share one place", async () => {
  const directory = freshDirectory();
  const environment = { ANONYMOUS_SESSIONS: "on" };
  const nodes = [await startNode(directory, { environment }), await startNode(directory, { environment })];
  const made = await Promise.all(nodes.map((node) => callerOf(node)("POST", "/v1/test/sessions", { key: null })));
  expect(made.map(({ status }) => status)).toEqual([201, 201]);
  await nodes[0]!.core.store.freshen();
  const teams = made.map(({ body }) => {
    const digits = String(body.session_id);
    const id = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    return nodes[0]!.core.table.source(id)?.source.teamId;
  });
  expect(teams[0]).toBeDefined();
  expect(teams[0]).toBe(teams[1]);
});

test("a connection ends soon after its key was revoked at another node", async () => {
  const directory = freshDirectory();
  const [first, second] = [await startNode(directory), await startNode(directory)];
  const key = await first.newKey();
  const body = { name: "Feed", slug: "feed", type: "websocket" };
  const created = await callerOf(first)("POST", "/v1/sources", { body });
  const { client, next, closed } = await connect(second, `/v1/ws/ingest/${created.body.source.id}?token=${key}`);
  client.send("{}");
  expect(await next()).toHaveProperty("event_id");
  expect((await first.core.access.revokeKey(key, null)).kind).toBe("revoked");
  await eventually(() => {
    if (client.readyState === client.OPEN) client.send("{}");
    expect(client.readyState).toBe(client.CLOSED);
  });
  expect(await closed).toEqual({ code: 1008, reason: "Unauthorized" });
});
