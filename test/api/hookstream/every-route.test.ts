import { expect, test, vi } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import {
  addDestination,
  addSource,
  callerOf,
  connect,
  type Made,
  refusalOf,
  sendEvent,
} from "../../support/hookstream.ts";

type Options = Parameters<typeof startGateway>[0];

const groups = /^\/(sources|events|destinations|connections|delivery-attempts|replay)/;

/** Something of everything, and the routes that are about it. */
const startFilled = async (options: Options = {}) => {
  const gateway = await startGateway(options);
  const call = callerOf(gateway);
  const source = await addSource(call);
  // Nobody listens there: what is sent fails at once.
  const destination = await addDestination(call, "http://127.0.0.1:1/", { retry_enabled: false });
  const connection = await connect(call, source, destination);
  const eventId = await sendEvent(gateway, source, {});
  for (let more = 0; more < 20; more += 1) await sendEvent(gateway, source, {});
  const attempt = await vi.waitFor(async () => {
    const [tried]: readonly Made[] = (await call("GET", "/v1/delivery-attempts")).body.delivery_attempts;
    expect(tried).toBeDefined();
    return tried!;
  }, 10_000);
  const job = { destination_id: destination.id, from: "2020-01-01T00:00:00Z", to: "2199-01-01T00:00:00Z" };
  const replay: Made = (await call("POST", "/v1/replay", { body: { ...job, rate_limit: 1 } })).body.job;
  // Long before its end: there is something to go on with.
  await call("POST", `/v1/replay/${replay.id}/cancel`);
  const ids: Readonly<Record<string, string>> = {
    sources: source.id,
    events: eventId,
    destinations: destination.id,
    connections: connection.id,
    "delivery-attempts": attempt.id,
    replay: replay.id,
  };
  /** What each route that needs a body is sent when nothing is to be wrong with it. */
  const bodies: Readonly<Record<string, object>> = {
    "POST /sources": { name: "x", slug: "x" },
    "POST /destinations": { name: "x", slug: "x", url: "http://127.0.0.1:1/" },
    "POST /connections": { name: "x", source_id: source.id, destination_id: destination.id },
    "POST /connections/:id/test": { event_id: eventId },
    "POST /events/retry": { event_ids: [eventId] },
    "POST /replay": job,
  };
  const routes = gateway.hookstreamRoutes.filter(({ path }) => groups.test(path));
  const pathOf = (path: string): string => `/v1${path.replace(":id", ids[path.split("/")[1]!]!)}`;
  const bodyOf = (method: string, path: string) => {
    const body = bodies[`${method} ${path}`];
    return body === undefined ? {} : { body };
  };
  return { ...gateway, call, routes, pathOf, bodyOf };
};

test("the table of routes is the one of the contract", async () => {
  const { routes } = await startFilled();
  expect(routes.map(({ method, path, scope }) => `${method} ${path} ${scope}`)).toEqual([
    "POST /sources webhooks:write",
    "GET /sources webhooks:read",
    "GET /sources/:id webhooks:read",
    "PATCH /sources/:id webhooks:write",
    "DELETE /sources/:id webhooks:write",
    "GET /sources/templates webhooks:read",
    "GET /sources/:id/refused webhooks:read",
    "POST /destinations webhooks:write",
    "GET /destinations webhooks:read",
    "GET /destinations/:id webhooks:read",
    "PATCH /destinations/:id webhooks:write",
    "DELETE /destinations/:id webhooks:write",
    "GET /destinations/:id/circuit webhooks:read",
    "POST /destinations/:id/circuit/reset webhooks:write",
    "POST /connections webhooks:write",
    "GET /connections webhooks:read",
    "GET /connections/:id webhooks:read",
    "PATCH /connections/:id webhooks:write",
    "DELETE /connections/:id webhooks:write",
    "POST /connections/:id/test webhooks:write",
    "GET /events webhooks:read",
    "GET /events/:id webhooks:read",
    "POST /events/retry webhooks:write",
    "POST /events/:id/retry webhooks:write",
    "GET /delivery-attempts webhooks:read",
    "GET /delivery-attempts/:id webhooks:read",
    "POST /delivery-attempts/:id/retry webhooks:write",
    "POST /replay webhooks:write",
    "GET /replay/:id webhooks:read",
    "POST /replay/:id/cancel webhooks:write",
    "POST /replay/:id/resume webhooks:write",
  ]);
});

test("every answer has exactly the fields of its description", async () => {
  const { call, routes, pathOf, bodyOf } = await startFilled();
  const deleting = routes.filter(({ method }) => method === "DELETE");
  for (const { method, path, answers } of [
    ...routes.filter((route) => !deleting.includes(route)),
    ...deleting.toReversed(),
  ]) {
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
      attempts: breakable(parts.attempts),
      replays: breakable(parts.replays),
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
