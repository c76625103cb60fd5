import { describe, expect, test } from "vitest";

import { startGateway } from "../support/gateway.ts";

const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** The documented fields, in their order, and then ours. */
const fieldsInOrder = [
  "id",
  "name",
  "slug",
  "url",
  "destinations_count",
  "provider",
  "signing_algorithm",
  "signing_header",
  "event_type_source",
  "event_type_path",
  "enabled",
  "retention_days",
  "created_at",
  "updated_at",
  "require_signature",
  "signing_secret_set",
  "body_limit_bytes",
  "rate_limit_per_minute",
];

const stripeProduction = {
  id: uuid,
  name: "Stripe production",
  slug: expect.stringMatching(/^wh_[A-Za-z0-9_-]{8}$/),
  url: expect.stringMatching(/^https:\/\/hooks\.example\.com\/in\/wh_[A-Za-z0-9_-]{8}$/),
  destinations_count: 0,
  provider: "stripe",
  signing_algorithm: null,
  signing_header: null,
  event_type_source: null,
  event_type_path: null,
  enabled: true,
  retention_days: 30,
  created_at: instant,
  updated_at: instant,
  require_signature: true,
  signing_secret_set: true,
  body_limit_bytes: null,
  rate_limit_per_minute: null,
};

const quickstart = { name: "Stripe production", provider: "stripe", signing_secret: "whsec_..." };

describe("creating a source", () => {
  test("answers 201 with the whole source, and never with its secret", async () => {
    const { request } = await startGateway();
    const created = await request("POST", "/webhooks/sources", quickstart);
    expect(created.status).toBe(201);
    expect(created.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(created.body).toEqual({ data: stripeProduction });
    expect(Object.keys(created.body.data)).toEqual(fieldsInOrder);
    expect(created.body.data.url).toBe(`https://hooks.example.com/in/${created.body.data.slug}`);
    expect(created.body.data.created_at).toBe(created.body.data.updated_at);
    expect(created.text).not.toContain("whsec_...");
  });

  test("takes generic and the defaults when only a name is given", async () => {
    const { request } = await startGateway();
    const created = await request("POST", "/webhooks/sources", { name: "Custom" });
    expect(created.body).toEqual({
      data: { ...stripeProduction, name: "Custom", provider: "generic", signing_secret_set: false },
    });
  });

  test("keeps every setting of a generic source", async () => {
    const { request } = await startGateway();
    const settings = {
      name: "Custom",
      provider: "generic",
      signing_algorithm: "sha256",
      signing_header: "X-Signature",
      event_type_source: "body",
      event_type_path: "data.type",
      enabled: false,
      retention_days: 365,
      require_signature: false,
      body_limit_bytes: 1000,
      rate_limit_per_minute: 60,
    };
    const created = await request("POST", "/webhooks/sources", { ...settings, signing_secret: "s" });
    expect(created.body).toEqual({ data: { ...stripeProduction, ...settings } });
  });

  test.for(["stripe", "github", "shopify"])(
    "keeps nothing of the generic settings on %s, not even wrong ones",
    async (provider) => {
      const { request } = await startGateway();
      const generic = { signing_algorithm: "md5", signing_header: 5, event_type_source: "x", event_type_path: "type" };
      const created = await request("POST", "/webhooks/sources", { name: "x", provider, ...generic });
      expect(created.status).toBe(201);
      expect(created.body.data).toMatchObject({
        provider,
        signing_algorithm: null,
        signing_header: null,
        event_type_source: null,
        event_type_path: null,
      });
    },
  );

  test("takes every preset that is shipped", async () => {
    const { request, core } = await startGateway();
    expect(core.catalog.size).toBeGreaterThan(3);
    for (const provider of core.catalog.keys()) {
      const created = await request("POST", "/webhooks/sources", { name: provider, provider });
      expect(created.body.data?.provider).toBe(provider);
    }
  });

  test("ignores fields that it does not know, and those that nobody can set", async () => {
    const { request } = await startGateway();
    const created = await request(
      "POST",
      "/webhooks/sources",
      '{"name":"x","id":"1","slug":"mine","url":"https://evil.example","destinations_count":7,"__proto__":{"name":"y"},"constructor":1}',
    );
    expect(created.body).toEqual({
      data: { ...stripeProduction, name: "x", provider: "generic", signing_secret_set: false },
    });
  });

  test("gives every source a slug of its own", async () => {
    const { request } = await startGateway();
    const slugs = new Set<string>();
    for (let made = 0; made < 20; made += 1) {
      slugs.add((await request("POST", "/webhooks/sources", { name: "x" })).body.data.slug);
    }
    expect(slugs.size).toBe(20);
  });
});

describe("listing sources", () => {
  test("shows all of them, newest first, with the number of their destinations", async () => {
    const { request } = await startGateway();
    expect((await request("GET", "/webhooks/sources")).body).toEqual({ data: [] });
    const first = (await request("POST", "/webhooks/sources", quickstart)).body.data;
    const second = (await request("POST", "/webhooks/sources", { name: "Second" })).body.data;
    await request("POST", `/webhooks/sources/${first.id}/destinations`, { url: "http://127.0.0.1:1/" });
    const listed = await request("GET", "/webhooks/sources");
    expect(listed.status).toBe(200);
    expect(listed.body).toEqual({ data: [second, { ...first, destinations_count: 1 }] });
    expect(Object.keys(listed.body.data[0])).toEqual(fieldsInOrder);
  });
});

describe("getting a source", () => {
  test("shows what creating it showed", async () => {
    const { request } = await startGateway();
    const created = await request("POST", "/webhooks/sources", quickstart);
    const got = await request("GET", `/webhooks/sources/${created.body.data.id}`);
    expect(got.status).toBe(200);
    expect(got.text).toBe(created.text);
    const upper = await request("GET", `/webhooks/sources/${String(created.body.data.id).toUpperCase()}`);
    expect(upper.text).toBe(created.text);
  });
});

describe("updating a source", () => {
  test("changes only what is sent", async () => {
    const { request, clock } = await startGateway();
    const { data } = (await request("POST", "/webhooks/sources", quickstart)).body;
    clock.advance(5_000);
    const changed = await request("PATCH", `/webhooks/sources/${data.id}`, { retention_days: 90, enabled: false });
    expect(changed.status).toBe(200);
    expect(changed.body).toEqual({ data: { ...data, retention_days: 90, enabled: false, updated_at: instant } });
    expect(Date.parse(changed.body.data.updated_at)).toBeGreaterThanOrEqual(Date.parse(data.updated_at) + 5_000);
    expect((await request("GET", `/webhooks/sources/${data.id}`)).body).toEqual(changed.body);
  });

  test.for([[{}], [{ slug: "wh_mine", url: "https://evil.example", id: "1" }], [{ name: "Stripe production" }]])(
    "leaves everything as it is for %j",
    async ([body]) => {
      const { request, clock } = await startGateway();
      const { data } = (await request("POST", "/webhooks/sources", quickstart)).body;
      clock.advance(5_000);
      expect((await request("PATCH", `/webhooks/sources/${data.id}`, body)).body).toEqual({ data });
    },
  );

  test("resets the generic settings with another provider, and takes new ones with generic", async () => {
    const { request } = await startGateway();
    const generic = { signing_header: "X-Sig", event_type_source: "header", event_type_path: "X-Type" };
    const { data } = (await request("POST", "/webhooks/sources", { name: "x", ...generic })).body;
    const path = `/webhooks/sources/${data.id}`;
    const none = { signing_algorithm: null, signing_header: null, event_type_source: null, event_type_path: null };
    expect((await request("PATCH", path, { provider: "github" })).body.data).toMatchObject(none);
    expect((await request("PATCH", path, { signing_header: "X-Sig" })).body.data).toMatchObject(none);
    const back = await request("PATCH", path, { provider: "generic", signing_header: "X-New" });
    expect(back.body.data).toMatchObject({ ...none, provider: "generic", signing_header: "X-New" });
    const again = await request("PATCH", path, { provider: "generic" });
    expect(again.body.data).toMatchObject({ signing_header: "X-New" });
  });

  test("takes an empty text for none", async () => {
    const { request } = await startGateway();
    const { data } = (
      await request("POST", "/webhooks/sources", { name: "x", signing_header: "X-Sig", signing_secret: "s" })
    ).body;
    const changed = await request("PATCH", `/webhooks/sources/${data.id}`, { signing_header: "", signing_secret: "" });
    expect(changed.body.data).toMatchObject({ signing_header: null, signing_secret_set: false });
  });
});

describe("rotating a source's secret", () => {
  const dayMs = 24 * 60 * 60 * 1000;

  test("goes on accepting the one before for 24 hours", async () => {
    const { request, core, clock } = await startGateway();
    const { data } = (await request("POST", "/webhooks/sources", quickstart)).body;
    const accepted = () => core.table.source(data.id)!.secretsAt(clock.nowMs());
    const rotate = (body: object) => request("PATCH", `/webhooks/sources/${data.id}`, body);

    expect((await rotate({ signing_secret: "second" })).text).not.toContain("second");
    expect(accepted()).toEqual({ kind: "opened", secrets: ["second", "whsec_..."] });
    await rotate({ signing_secret: "second" });
    expect(accepted()).toEqual({ kind: "opened", secrets: ["second", "whsec_..."] });
    clock.advance(dayMs - 60_000);
    expect(accepted()).toEqual({ kind: "opened", secrets: ["second", "whsec_..."] });
    clock.advance(60_000);
    expect(accepted()).toEqual({ kind: "opened", secrets: ["second"] });

    await rotate({ signing_secret: "third", rotate_immediately: true });
    expect(accepted()).toEqual({ kind: "opened", secrets: ["third"] });
    await rotate({ signing_secret: "fourth" });
    await rotate({ rotate_immediately: true });
    expect(accepted()).toEqual({ kind: "opened", secrets: ["fourth"] });
    await rotate({ signing_secret: "fifth" });
    const dropped = await rotate({ signing_secret: null });
    expect(dropped.body.data.signing_secret_set).toBe(false);
    expect(accepted()).toEqual({ kind: "opened", secrets: [] });
  });
});

describe("deleting a source", () => {
  test("answers 204 without a body, and it is gone with its destinations", async () => {
    const { request, core } = await startGateway();
    const { data } = (await request("POST", "/webhooks/sources", quickstart)).body;
    const path = `/webhooks/sources/${data.id}`;
    const destination = (await request("POST", `${path}/destinations`, { url: "http://127.0.0.1:1/" })).body.data;
    const deleted = await request("DELETE", path);
    expect(deleted.status).toBe(204);
    expect(deleted.text).toBe("");
    expect(deleted.headers["content-type"]).toBeUndefined();
    for (const [method, at] of [
      ["GET", path],
      ["PATCH", path],
      ["DELETE", path],
      ["GET", `${path}/destinations`],
      ["GET", `${path}/destinations/${destination.id}`],
      ["GET", `${path}/events`],
    ] as const) {
      expect(await request(method, at, method === "PATCH" ? {} : undefined)).toMatchObject({
        status: 404,
        body: { error: "Not found" },
      });
    }
    expect((await request("GET", "/webhooks/sources")).body).toEqual({ data: [] });
    expect((await request("POST", `/in/${data.slug}`, "{}")).status).toBe(404);
    expect(core.table.source(data.id)).toBeUndefined();
    expect(core.table.destination(destination.id)).toBeUndefined();
    expect([...core.table.connectionsOf(data.id)]).toEqual([]);
  });
});
