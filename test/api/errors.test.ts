import { describe, expect, test } from "vitest";
import { z } from "zod";

import type { KrafterParts } from "../../src/api/krafter/parts.ts";
import { krafterRoutes } from "../../src/api/krafter/routes.ts";
import { loadPresets } from "../../src/providers/catalog.ts";
import { bodyFor, startFilled } from "../support/routes.ts";

const catalog = await loadPresets();

/** The routes as data: what they are does not depend on what they run on. */
const routes = krafterRoutes({ routing: { catalog }, bodyLimitBytes: 1, deliveryTimeoutMs: 1000 } as KrafterParts);

const nobody = { error: "Invalid or missing API key" };
const notFound = { error: "Not found" };

const writes = routes.filter(({ method }) => method === "POST" || method === "PATCH");

test("the table of routes is the one of the contract", () => {
  expect(routes.map(({ method, path, scope }) => `${method} ${path} ${scope}`)).toEqual([
    "POST /webhooks/sources webhooks:write",
    "GET /webhooks/sources webhooks:read",
    "GET /webhooks/sources/:id webhooks:read",
    "PATCH /webhooks/sources/:id webhooks:write",
    "DELETE /webhooks/sources/:id webhooks:write",
    "POST /webhooks/sources/:source_id/destinations webhooks:write",
    "GET /webhooks/sources/:source_id/destinations webhooks:read",
    "GET /webhooks/sources/:source_id/destinations/:id webhooks:read",
    "PATCH /webhooks/sources/:source_id/destinations/:id webhooks:write",
    "DELETE /webhooks/sources/:source_id/destinations/:id webhooks:write",
    "POST /webhooks/sources/:source_id/destinations/:id/test webhooks:write",
    "GET /webhooks/sources/:source_id/events webhooks:read",
    "GET /webhooks/sources/:source_id/events/:event_id webhooks:read",
    "POST /webhooks/sources/:source_id/events/:event_id/replay webhooks:write",
    "POST /webhooks/sources/:source_id/replays webhooks:write",
    "GET /webhooks/sources/:source_id/replays webhooks:read",
    "GET /webhooks/sources/:source_id/replays/:id webhooks:read",
    "DELETE /webhooks/sources/:source_id/replays/:id webhooks:write",
    "POST /webhooks/sources/:source_id/replays/:id/resume webhooks:write",
  ]);
});

describe("401", () => {
  test("answers every route without a key that counts, before anything else is looked at", async () => {
    const { url, key, pathOf, request, newKey, core, clock } = await startFilled({
      environment: { RATE_LIMIT_PER_MINUTE: "1000" },
    });
    const revoked = await newKey();
    await core.access.revokeKey(revoked, null);
    const maker = { kind: "operator", team: null, env: null } as const;
    const expiring = await core.access.createKey({
      name: "short",
      scopes: ["*"],
      expiresAtMs: clock.nowMs() + 1000,
      maker,
    });
    clock.advance(1000);
    expect(expiring.kind).toBe("created");
    const expired = expiring.kind === "created" ? expiring.key : "";
    expect(url).toMatch(/^http/);
    for (const bad of [
      null,
      "",
      "nonsense",
      `kr_live_${"A".repeat(43)}`,
      key.slice(0, -1),
      `${key} x`,
      revoked,
      expired,
    ]) {
      for (const route of routes) {
        const refused = await request(route.method, pathOf(route), "{not json", bad);
        expect([route.path, bad, refused.status, refused.body]).toEqual([route.path, bad, 401, nobody]);
        expect(refused.headers).toMatchObject({ "www-authenticate": "Bearer", "x-request-id": expect.any(String) });
        expect(refused.headers).not.toHaveProperty("x-ratelimit-limit");
      }
    }
    expect(await request("GET", "/api/v1/nonsense", undefined, null)).toMatchObject({ status: 401, body: nobody });
    expect(await request("PUT", "/webhooks/sources", undefined, null)).toMatchObject({ status: 401, body: nobody });
  });
});

describe("403", () => {
  test("answers every route that a key may not use, before its body and its ids are looked at", async () => {
    const { pathOf, request, newKey } = await startFilled();
    const reader = await newKey({ scopes: ["webhooks:read"] });
    const writer = await newKey({ scopes: ["webhooks:write"] });
    const pusher = await newKey({ scopes: ["push:write"] });
    for (const route of routes) {
      const tries = { reader: route.scope === "webhooks:read", writer: true, pusher: false };
      for (const [name, key] of Object.entries({ reader, writer, pusher })) {
        const path = pathOf(route).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "malformed");
        const { status, body } = await request(route.method, path, route.method === "GET" ? undefined : "{}", key);
        const isAllowed = tries[name as keyof typeof tries];
        if (isAllowed) expect([route.path, status]).not.toEqual([route.path, 403]);
        else expect([route.path, status, body]).toEqual([route.path, 403, { error: "Insufficient scope" }]);
      }
    }
  });

  test("comes before a malformed body", async () => {
    const { pathOf, request, newKey } = await startFilled();
    const reader = await newKey({ scopes: ["webhooks:read"] });
    for (const route of writes) {
      expect((await request(route.method, pathOf(route), "{not json", reader)).status).toBe(403);
    }
  });
});

describe("429", () => {
  test("answers every route above the team's rate, whatever the key may do, and tells when to come back", async () => {
    const limit = 10;
    const { pathOf, request, newKey, clock, core } = await startFilled({
      environment: { RATE_LIMIT_PER_MINUTE: String(limit) },
    });
    const reader = await newKey({ scopes: ["webhooks:read"] });
    const stranger = await newKey({ team: "other" });
    clock.advance(60_000 - (core.clock.monotonicMs() % 60_000) + 1000);
    for (let left = limit - 1; left >= 0; left -= 1) {
      const { status, headers } = await request("GET", "/webhooks/sources");
      expect(status).toBe(200);
      expect(headers).toMatchObject({ "x-ratelimit-limit": "10", "x-ratelimit-remaining": String(left) });
      const untilReset = Number(headers["x-ratelimit-reset"]) - clock.nowMs() / 1000;
      expect(untilReset).toBeGreaterThan(50);
      expect(untilReset).toBeLessThanOrEqual(61);
    }
    for (const route of routes) {
      const { status, body, headers } = await request(route.method, pathOf(route), undefined, reader);
      expect([route.path, status]).toEqual([route.path, 429]);
      expect(body).toEqual({ error: "Rate limit exceeded", retry_after: expect.any(Number) });
      expect(body.retry_after).toBeGreaterThan(50);
      expect(headers).toMatchObject({
        "retry-after": String(body.retry_after),
        "x-ratelimit-limit": "10",
        "x-ratelimit-remaining": "0",
      });
    }
    expect((await request("GET", "/webhooks/sources", undefined, stranger)).status).toBe(200);
    expect((await request("GET", "/webhooks/sources", undefined, null)).status).toBe(401);
    clock.advance(60_000);
    expect((await request("GET", "/webhooks/sources")).headers["x-ratelimit-remaining"]).toBe("9");
  });

  test("its headers are on every answer, and on none when the limit is off", async () => {
    const limited = await startFilled({ environment: { RATE_LIMIT_PER_MINUTE: "1000" } });
    const unlimited = await startFilled();
    const narrow = await limited.newKey({ scopes: ["push:read"] });
    const answers = [
      await limited.request("GET", "/webhooks/sources"),
      await limited.request("GET", "/webhooks/sources", undefined, narrow),
      await limited.request("POST", "/webhooks/sources", "{not json"),
      await limited.request("POST", "/webhooks/sources", {}),
      await limited.request("GET", "/webhooks/sources/malformed"),
      await limited.request("PUT", "/webhooks/sources"),
      await limited.request("GET", "/api/v1/nonsense"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 400, 422, 404, 405, 404]);
    for (const { headers } of answers) expect(headers["x-ratelimit-limit"]).toBe("1000");
    const { headers } = await unlimited.request("GET", "/webhooks/sources");
    expect(Object.keys(headers).filter((name) => name.startsWith("x-ratelimit"))).toEqual([]);
  });
});

describe("400", () => {
  test("answers every route that takes a body when that is no JSON object", async () => {
    const { pathOf, request } = await startFilled();
    const rows = [
      ["{not json", "Request body is not valid JSON"],
      ['{"name":"x"', "Request body is not valid JSON"],
      ["name=x", "Request body is not valid JSON"],
      [Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), "Request body is not valid JSON"],
      ["[]", "Request body must be a JSON object"],
      ["null", "Request body must be a JSON object"],
      ['"text"', "Request body must be a JSON object"],
      ["1", "Request body must be a JSON object"],
    ] as const;
    for (const [body, error] of rows) {
      for (const route of writes) {
        const refused = await request(route.method, pathOf(route), body);
        expect([route.path, refused.status, refused.body]).toEqual([route.path, 400, { error }]);
      }
    }
  });
});

describe("404", () => {
  const absent = "019dc7f1-0000-7000-8000-000000000000";

  test("answers every route for an id that is not there, before the body is judged", async () => {
    const { pathOf, request } = await startFilled();
    const rows = [absent, "malformed", "1", "%00", "..%2f", "a".repeat(300), "019dc7f1-0000-7000-8000-00000000000g"];
    for (const id of rows) {
      for (const route of routes.filter(({ path }) => path.includes(":"))) {
        const names = [...route.path.matchAll(/:\w+/g)].map(([name]) => name);
        for (const name of names) {
          const path = pathOf({ path: route.path.replace(name, "ABSENT") }).replace("ABSENT", id);
          const refused = await request(route.method, path, route.method === "GET" ? undefined : { name: 5, url: 5 });
          if (name === ":id" && route.path.includes("/replays/") && id === absent) continue;
          expect([route.path, name, refused.status, refused.body]).toEqual([route.path, name, 404, notFound]);
        }
      }
    }
  });

  test("answers paths that lead nowhere", async () => {
    const { request } = await startFilled();
    const rows = [
      "/api/v1",
      "/api/v1/",
      "/api/v1/nonsense",
      "/api/v1/webhooks",
      "/api/v2/webhooks/sources",
      "/",
      "/%zz",
    ];
    for (const path of rows) {
      const refused = await request("GET", path);
      expect([refused.status, refused.body]).toEqual(
        path === "/%zz" ? [400, { error: "Bad request" }] : [404, notFound],
      );
      expect(refused.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe("422", () => {
  const fieldsOf = (schema: z.ZodType): string[] =>
    Object.keys(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }).properties ?? {});
  const taking = writes.filter(({ body }) => fieldsOf(body).length > 0);

  test("there are routes whose fields can be wrong", () => expect(taking.length).toBe(7));

  test.for(taking)("$method $path says which fields are wrong, all at once", async (route) => {
    const { pathOf, request } = await startFilled();
    const nonsense = { nonsense: true };
    const body = Object.fromEntries(fieldsOf(route.body).map((field) => [field, nonsense]));
    const refused = await request(route.method, pathOf(route), {
      ...body,
      ...("name" in body ? { provider: "generic" } : {}),
    });
    const wrong = fieldsOf(route.body).filter((field) => !(field === "provider" && "name" in body));
    expect(refused.status).toBe(422);
    expect(refused.body).toEqual({
      error: "Validation failed",
      details: Object.fromEntries(wrong.map((field) => [field, ["is invalid"]])),
    });
  });
});

describe("500", () => {
  test("answers every route when something unforeseen happens, and tells nothing of it", async () => {
    const secret = "the password is hunter2";
    let isBroken = false;
    const breakable = <Part extends object>(part: Part): Part =>
      new Proxy(part, {
        get(target, name) {
          if (isBroken) throw new Error(secret);
          return Reflect.get(target, name);
        },
      });
    const { pathOf, request, log } = await startFilled({
      parts: (parts) => ({ routing: { ...parts.routing, store: breakable(parts.routing.store) } }),
    });
    isBroken = true;
    for (const route of routes) {
      const failed = await request(route.method, pathOf(route), bodyFor(route));
      expect([route.path, failed.status, failed.body]).toEqual([route.path, 500, { error: "Internal server error" }]);
      expect(JSON.stringify(failed.headers)).not.toContain("hunter2");
    }
    expect(log.entries().filter(({ level }) => level === "error").length).toBeGreaterThan(0);
  });

  test("is 503 with retry-after when the store cannot be reached now", async () => {
    const away = Object.assign(new Error("disk I/O error at /data"), { name: "StoreError", code: "unavailable" });
    let isAway = false;
    const { request } = await startFilled({
      parts: (parts) => ({
        routing: {
          ...parts.routing,
          store: {
            ...parts.routing.store,
            write: (work) => (isAway ? Promise.reject(away) : parts.routing.store.write(work)),
          },
        },
      }),
    });
    isAway = true;
    const failed = await request("POST", "/webhooks/sources", { name: "x" });
    expect(failed).toMatchObject({ status: 503, body: { error: "Service unavailable" } });
    expect(failed.headers["retry-after"]).toBe("5");
  });
});
