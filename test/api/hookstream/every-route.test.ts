import { expect, test } from "vitest";

import { http } from "../../../harness/http.ts";
import { startGateway } from "../../support/gateway.ts";
import { callerOf, refusalOf } from "../../support/hookstream.ts";

/** What each route that needs a body is sent when nothing is to be wrong with it. */
const bodies: Readonly<Record<string, object>> = { "POST /sources": { name: "x", slug: "x" } };

type Options = Parameters<typeof startGateway>[0];

/** A gateway with a source and an event, and the routes of sources and events. */
const startFilled = async (options: Options = {}) => {
  const gateway = await startGateway(options);
  const call = callerOf(gateway);
  const made = await call("POST", "/v1/sources", { body: { name: "filled", slug: "filled" } });
  const sourceId = String(made.body.source.id);
  const sent = await http(`${gateway.url}/v1/ingest/${sourceId}`, { method: "POST", body: "{}" });
  const eventId = String(JSON.parse(sent.body.toString()).event_id);
  const routes = gateway.hookstreamRoutes.filter(({ path }) => /^\/(sources|events)/.test(path));
  const pathOf = (path: string): string => `/v1${path.replace(":id", path.startsWith("/events") ? eventId : sourceId)}`;
  const bodyOf = (method: string, path: string) => {
    const body = bodies[`${method} ${path}`];
    return body === undefined ? {} : { body };
  };
  return { ...gateway, call, routes, pathOf, bodyOf };
};

test("the table of routes of sources and events is the one of the contract", async () => {
  const { routes } = await startFilled();
  expect(routes.map(({ method, path, scope }) => `${method} ${path} ${scope}`)).toEqual([
    "POST /sources webhooks:write",
    "GET /sources webhooks:read",
    "GET /sources/:id webhooks:read",
    "PATCH /sources/:id webhooks:write",
    "DELETE /sources/:id webhooks:write",
    "GET /sources/templates webhooks:read",
    "GET /sources/:id/refused webhooks:read",
    "GET /events webhooks:read",
    "GET /events/:id webhooks:read",
  ]);
});

test("every answer has exactly the fields of its description", async () => {
  const { call, routes, pathOf, bodyOf } = await startFilled();
  const deleting = routes.filter(({ method }) => method === "DELETE");
  for (const { method, path, answers } of [...routes.filter((route) => !deleting.includes(route)), ...deleting]) {
    const answered = await call(method, pathOf(path), bodyOf(method, path));
    const documented = answers[answered.status];
    expect([method, path, documented]).toEqual([method, path, expect.anything()]);
    // What the schema does not name is left out when it reads.
    expect([path, answered.body]).toEqual([path, documented?.body?.parse(answered.body)]);
  }
});

test("nothing is told to strangers, nor to keys that may not", async () => {
  const { call, routes, pathOf, bodyOf, newKey } = await startFilled();
  const narrow = await newKey({ scopes: ["push:write"] });
  const reader = await newKey({ scopes: ["webhooks:read"] });
  for (const { method, path, scope } of routes) {
    const stranger = await call(method, pathOf(path), { ...bodyOf(method, path), key: null });
    expect([path, stranger.status, stranger.body]).toEqual([path, ...refusalOf(401, "Missing API key or session")]);
    for (const key of scope === "webhooks:write" ? [narrow, reader] : [narrow]) {
      const refused = await call(method, pathOf(path), { ...bodyOf(method, path), key });
      expect([path, refused.status, refused.body]).toEqual([path, ...refusalOf(403, "Insufficient scope")]);
    }
  }
});

test("the place that is named must be one's own, in the query or in the body", async () => {
  const { call, routes, pathOf, bodyOf } = await startFilled();
  for (const { method, path } of routes) {
    const target = `${pathOf(path)}?env_id=${"0".repeat(32)}`;
    const refused = await call(method, target, bodyOf(method, path));
    expect([method, path, refused.status, refused.body]).toEqual([
      method,
      path,
      ...refusalOf(403, "Forbidden: 'env_id' is not an environment of yours"),
    ]);
    if (method !== "POST" && method !== "PATCH") continue;
    const body = { ...bodyOf(method, path).body, org_id: "string" };
    const inBody = await call(method, pathOf(path), { body });
    expect([inBody.status, inBody.body]).toEqual(refusalOf(403, "Forbidden: 'org_id' is not an organization of yours"));
  }
});

test("a fault of ours is 500 and tells nothing, and a store that is away is 503 with retry-after", async () => {
  let thrown: Error | null = null;
  const breakable = <Part extends object>(part: Part): Part =>
    new Proxy(part, {
      get(target, name) {
        if (thrown !== null) throw thrown;
        return Reflect.get(target, name);
      },
    });
  const { call, routes, pathOf, bodyOf } = await startFilled({
    hookstreamParts: (parts) => ({
      routing: { ...parts.routing, store: breakable(parts.routing.store) },
      events: breakable(parts.events),
    }),
  });
  const away = Object.assign(new Error("disk I/O error at /data"), { name: "StoreError", code: "unavailable" });
  const rows = [
    [new Error("the password is hunter2"), 500, "Internal server error"],
    [away, 503, "Service unavailable"],
  ] as const;
  for (const [error, status, sentence] of rows) {
    thrown = error;
    for (const { method, path } of routes.filter((route) => route.path !== "/sources/templates")) {
      const failed = await call(method, pathOf(path), bodyOf(method, path));
      expect([path, failed.status, failed.body]).toEqual([path, ...refusalOf(status, sentence)]);
      expect(failed.headers["retry-after"]).toBe(status === 503 ? "5" : undefined);
      expect(JSON.stringify(failed.headers)).not.toContain("hunter2");
    }
  }
});
