import { describe, expect, test, vi } from "vitest";

import { type GatewayOptions, startGateway, type TestGateway } from "../support/gateway.ts";
import { startReceiver } from "../support/receiver.ts";

/** Filters by type need nothing of an event but that. */
const unread = (): never => {
  throw new Error("an event was read without need");
};

const uuid = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

/** The documented fields, in their order, and then ours. */
const fieldsInOrder = [
  "id",
  "source_id",
  "url",
  "event_filter",
  "enabled",
  "failure_count",
  "created_at",
  "updated_at",
  "max_concurrency",
  "rate_limit",
  "rate_limit_period",
  "ordered",
  "timeout_seconds",
  "retry_schedule",
  "payload_format",
  "forward_headers",
  "resign",
  "disabled_reason",
  "filter_rules",
  "transform_enabled",
  "transform_expression",
  "circuit_breaker_enabled",
  "circuit_breaker_threshold",
  "circuit_breaker_reset_seconds",
  "circuit_breaker_state",
  "circuit_breaker_opened_at",
];

const quickstart = {
  url: "https://api.your-app.com/webhooks/stripe",
  event_filter: ["invoice.paid", "charge.succeeded"],
};

const shown = {
  id: uuid,
  source_id: uuid,
  ...quickstart,
  enabled: true,
  failure_count: 0,
  created_at: instant,
  updated_at: instant,
  max_concurrency: 16,
  rate_limit: null,
  rate_limit_period: null,
  ordered: false,
  timeout_seconds: 15,
  retry_schedule: null,
  payload_format: "raw",
  forward_headers: [],
  resign: true,
  disabled_reason: null,
  filter_rules: null,
  transform_enabled: false,
  transform_expression: null,
  circuit_breaker_enabled: false,
  circuit_breaker_threshold: 5,
  circuit_breaker_reset_seconds: 60,
  circuit_breaker_state: "closed",
  circuit_breaker_opened_at: null,
};

/** A gateway with one source. The quickstart's host has a public address. */
const startWithSource = async (options: GatewayOptions = {}) => {
  const gateway = await startGateway(options);
  gateway.names.set("api.your-app.com", ["93.184.215.14"]);
  const source = (await gateway.request("POST", "/webhooks/sources", { name: "s" })).body.data;
  return { ...gateway, source, path: `/webhooks/sources/${source.id}/destinations` };
};

const secretsOf = ({ core, clock }: TestGateway, id: string) => core.table.destination(id)!.secretsAt(clock.nowMs());

describe("creating a destination", () => {
  test("answers 201 with its secret, there and nowhere else", async () => {
    const { request, path, source } = await startWithSource();
    const created = await request("POST", path, quickstart);
    expect(created.status).toBe(201);
    const secret = expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(created.body).toEqual({ data: { ...shown, source_id: source.id, secret } });
    expect(Object.keys(created.body.data)).toEqual(fieldsInOrder.toSpliced(6, 0, "secret"));

    const { secret: made, ...rest } = created.body.data;
    const got = await request("GET", `${path}/${rest.id}`);
    expect(got.body).toEqual({ data: rest });
    expect(Object.keys(got.body.data)).toEqual(fieldsInOrder);
    const others = [
      got,
      await request("GET", path),
      await request("PATCH", `${path}/${rest.id}`, { enabled: true }),
      await request("GET", `/webhooks/sources/${source.id}`),
    ];
    for (const { status, text } of others) {
      expect(status).toBe(200);
      expect(text).not.toContain(made);
      expect(text).not.toContain('"secret"');
    }
  });

  test("takes a secret of one's own, and shows it", async () => {
    const gateway = await startWithSource();
    const created = await gateway.request("POST", gateway.path, { ...quickstart, secret: "my own" });
    expect(created.body.data.secret).toBe("my own");
    expect(secretsOf(gateway, created.body.data.id)).toEqual({ kind: "opened", secrets: ["my own"] });
  });

  test.for([null, ""])("makes a secret where it is %j", async (secret) => {
    const { request, path } = await startWithSource();
    const created = await request("POST", path, { ...quickstart, secret });
    expect(created.body.data.secret).toMatch(/^whsec_/);
  });

  test("forwards everything with an empty filter, which is the default", async () => {
    const { request, path, core, source } = await startWithSource();
    const byDefault = await request("POST", path, { url: quickstart.url });
    const byChoice = await request("POST", path, { url: quickstart.url, event_filter: [] });
    expect([byDefault.body.data.event_filter, byChoice.body.data.event_filter]).toEqual([[], []]);
    expect(core.table.match(source.id, null, unread).map(({ destination }) => destination.id)).toEqual([
      byDefault.body.data.id,
      byChoice.body.data.id,
    ]);
  });

  test("keeps every setting", async () => {
    const { request, path } = await startWithSource();
    const settings = {
      url: quickstart.url,
      event_filter: ["invoice.*", "push"],
      enabled: false,
      max_concurrency: 4,
      rate_limit: 100,
      rate_limit_period: "minute",
      ordered: true,
      timeout_seconds: 60,
      retry_schedule: [1, 604800],
      payload_format: "envelope",
      forward_headers: ["X-Tenant"],
      resign: false,
      filter_rules: [{ field: "payload.amount", op: "gte", value: 100 }],
      transform_enabled: true,
      transform_expression: '{"amount": $.amount}',
      circuit_breaker_enabled: true,
      circuit_breaker_threshold: 1_000,
      circuit_breaker_reset_seconds: 86_400,
    };
    const created = await request("POST", path, settings);
    const { secret: _, ...data } = created.body.data;
    expect(data).toEqual({ ...shown, ...settings, forward_headers: ["x-tenant"], disabled_reason: "manual" });
  });

  test("settles what belongs together", async () => {
    const { request, path } = await startWithSource();
    const rows = [
      [{ rate_limit: 5 }, { rate_limit: 5, rate_limit_period: "second" }],
      [{ rate_limit_period: "hour" }, { rate_limit: null, rate_limit_period: null }],
      [{ retry_schedule: [] }, { retry_schedule: [] }],
    ] as const;
    for (const [sent, kept] of rows) {
      const created = await request("POST", path, { ...quickstart, ...sent });
      expect(created.body.data).toMatchObject(kept);
    }
  });

  test("refuses URLs that lead inward, or nowhere, and says why", async () => {
    const { request, path, names } = await startWithSource();
    names.set("rebound.example", ["10.0.0.7"]);
    const rows = [
      ["https://10.0.0.1/", "resolves to a private address; see EGRESS_ALLOW"],
      ["https://169.254.169.254/latest", "resolves to a private address; see EGRESS_ALLOW"],
      ["https://[::1]/", "resolves to a private address; see EGRESS_ALLOW"],
      ["https://rebound.example/", "resolves to a private address; see EGRESS_ALLOW"],
      ["https://printer.local/", "resolves to a private address; see EGRESS_ALLOW"],
      ["http://api.your-app.com/", "must be an https URL"],
      ["ftp://api.your-app.com/", "must be an https URL"],
      ["https://user:pass@api.your-app.com/", "must not contain credentials"],
      ["not a url", "is invalid"],
      ["nonsense", "is not a valid URL"],
    ];
    for (const [url, problem] of rows) {
      const refused = await request("POST", path, { url });
      expect([url, refused.status, refused.body]).toEqual([
        url,
        422,
        { error: "Validation failed", details: { url: [problem] } },
      ]);
      expect((await request("GET", path)).body).toEqual({ data: [] });
    }
  });

  test("accepts a name that does not resolve yet", async () => {
    const { request, path } = await startWithSource();
    expect((await request("POST", path, { url: "https://tomorrow.example/hook" })).status).toBe(201);
  });
});

describe("listing destinations", () => {
  test("shows those of the source, newest first", async () => {
    const { request, path } = await startWithSource();
    const made = [];
    for (const name of ["a", "b"]) {
      const { secret: _, ...data } = (await request("POST", path, { ...quickstart, event_filter: [name] })).body.data;
      made.unshift(data);
    }
    const other = (await request("POST", "/webhooks/sources", { name: "other" })).body.data;
    expect((await request("GET", path)).body).toEqual({ data: made });
    expect((await request("GET", `/webhooks/sources/${other.id}/destinations`)).body).toEqual({ data: [] });
    expect((await request("GET", `/webhooks/sources/${other.id}/destinations/${made[0].id}`)).status).toBe(404);
  });
});

describe("updating a destination", () => {
  test("changes only what is sent, filter included", async () => {
    const { request, path, core, source } = await startWithSource();
    const { secret: _, ...data } = (await request("POST", path, quickstart)).body.data;
    const changed = await request("PATCH", `${path}/${data.id}`, { event_filter: ["refund.*"], max_concurrency: 1 });
    expect(changed.body).toEqual({
      data: { ...data, event_filter: ["refund.*"], max_concurrency: 1, updated_at: instant },
    });
    expect((await request("GET", `${path}/${data.id}`)).body).toEqual(changed.body);
    expect(core.table.match(source.id, "invoice.paid", unread)).toEqual([]);
    expect(core.table.match(source.id, "refund.made", unread)).toHaveLength(1);
  });

  test("rotates the secret: the one before signs beside it for 24 hours", async () => {
    const gateway = await startWithSource();
    const { request, path, clock } = gateway;
    const { secret, id } = (await request("POST", path, quickstart)).body.data;
    const changed = await request("PATCH", `${path}/${id}`, { secret: "new one" });
    expect(changed.text).not.toContain("new one");
    expect(secretsOf(gateway, id)).toEqual({ kind: "opened", secrets: ["new one", secret] });
    clock.advance(24 * 60 * 60 * 1000);
    expect(secretsOf(gateway, id)).toEqual({ kind: "opened", secrets: ["new one"] });
  });

  test("checks a new URL, and changes nothing when it is refused", async () => {
    const { request, path } = await startWithSource();
    const { secret: _, ...data } = (await request("POST", path, quickstart)).body.data;
    const refused = await request("PATCH", `${path}/${data.id}`, { url: "https://10.0.0.1/", enabled: false });
    expect(refused.status).toBe(422);
    expect((await request("GET", `${path}/${data.id}`)).body).toEqual({ data });
  });

  test("switching off says why, and switching on forgets it", async () => {
    const { request, path } = await startWithSource();
    const { id } = (await request("POST", path, quickstart)).body.data;
    const off = await request("PATCH", `${path}/${id}`, { enabled: false });
    expect(off.body.data).toMatchObject({ enabled: false, disabled_reason: "manual" });
    const on = await request("PATCH", `${path}/${id}`, { enabled: true });
    expect(on.body.data).toMatchObject({ enabled: true, disabled_reason: null });
  });
});

describe("what is on its way when a destination goes", () => {
  test.for([
    ["switching it off", "PATCH", { enabled: false }, "destination_disabled"],
    ["deleting it", "DELETE", undefined, "destination_deleted"],
  ] as const)("%s has delivery cancel it before the answer", async ([, method, body, reason]) => {
    const cancelled: unknown[] = [];
    const released = Promise.withResolvers<void>();
    const delivery = {
      wake: () => {},
      cancel: async (cancellation: unknown) => {
        cancelled.push(cancellation);
        await released.promise;
      },
    };
    const { request, path } = await startWithSource({ parts: { delivery } });
    const { id } = (await request("POST", path, quickstart)).body.data;
    let answered = false;
    const answer = request(method, `${path}/${id}`, body).finally(() => {
      answered = true;
    });
    await vi.waitFor(() => expect(cancelled).toEqual([{ destinationId: id, enablingBelow: 1, reason }]));
    expect(answered).toBe(false);
    released.resolve();
    expect((await answer).status).toBe(method === "PATCH" ? 200 : 204);
  });

  test("deleting the source has it cancelled for each destination", async () => {
    const cancelled: unknown[] = [];
    const delivery = {
      wake: () => {},
      cancel: async (cancellation: unknown) => {
        cancelled.push(cancellation);
      },
    };
    const { request, path, source } = await startWithSource({ parts: { delivery } });
    const ids = [];
    for (let made = 0; made < 3; made += 1) ids.push((await request("POST", path, quickstart)).body.data.id);
    await request("DELETE", `/webhooks/sources/${source.id}`);
    const expected = ids.map((id) => ({ destinationId: id, enablingBelow: 1, reason: "destination_deleted" }));
    expect(cancelled).toHaveLength(3);
    expect(cancelled).toEqual(expect.arrayContaining(expected));
  });
});

describe("deleting a destination", () => {
  test("answers 204, and it is gone from everywhere", async () => {
    const { request, path, source, core } = await startWithSource();
    const { id } = (await request("POST", path, quickstart)).body.data;
    const deleted = await request("DELETE", `${path}/${id}`);
    expect(deleted).toMatchObject({ status: 204, text: "" });
    expect((await request("GET", `${path}/${id}`)).status).toBe(404);
    expect((await request("DELETE", `${path}/${id}`)).status).toBe(404);
    expect((await request("GET", path)).body).toEqual({ data: [] });
    expect((await request("GET", `/webhooks/sources/${source.id}`)).body.data.destinations_count).toBe(0);
    expect(core.table.destination(id)).toBeUndefined();
    expect([...core.table.connectionsOf(source.id)]).toEqual([]);
  });
});

describe("testing a destination", () => {
  test("sends one signed request with the documented body", async () => {
    await using receiver = await startReceiver();
    const { request, path, source } = await startWithSource();
    const { id, secret } = (await request("POST", path, { url: `${receiver.url}/hook` })).body.data;
    const tested = await request("POST", `${path}/${id}/test`);
    expect(tested).toMatchObject({ status: 200, body: { ok: true, status: 200 } });
    const sent = await receiver.next();
    expect(JSON.parse(sent.body.toString())).toEqual({
      event: "test",
      data: { message: "Test delivery from Krafter", timestamp: instant },
      source_id: source.id,
    });
    expect(sent.headers["x-krafter-signature"]).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(secret).toMatch(/^whsec_/);
    expect((await request("GET", `${path}/${id}`)).body.data.failure_count).toBe(0);
  });

  test.for([
    [204, 200, { ok: true, status: 204 }],
    [302, 200, { ok: false, status: 302 }],
    [404, 200, { ok: false, status: 404 }],
    [429, 200, { ok: false, status: 429 }],
    [500, 422, { ok: false, error: "the destination answered 500" }],
    [503, 422, { ok: false, error: "the destination answered 503" }],
  ] as const)("a receiver's %i is answered %i %j", async ([answered, status, body]) => {
    await using receiver = await startReceiver();
    receiver.respondWith({ status: answered });
    const { request, path } = await startWithSource();
    const { id } = (await request("POST", path, { url: receiver.url })).body.data;
    const tested = await request("POST", `${path}/${id}/test`);
    expect(tested).toMatchObject({ status, body });
    expect(Object.keys(tested.body)).toEqual(Object.keys(body));
  });

  test("says what went wrong when nobody listens", async () => {
    const receiver = await startReceiver();
    await receiver.close();
    const { request, path } = await startWithSource();
    const { id } = (await request("POST", path, { url: receiver.url })).body.data;
    const tested = await request("POST", `${path}/${id}/test`);
    expect(tested).toMatchObject({ status: 422, body: { ok: false, error: expect.any(String) } });
  });

  test("judges the address again: a name that has moved inward is refused", async () => {
    const { request, path, names } = await startWithSource();
    const { id } = (await request("POST", path, quickstart)).body.data;
    names.set("api.your-app.com", ["10.0.0.7"]);
    const tested = await request("POST", `${path}/${id}/test`);
    expect(tested).toMatchObject({ status: 422, body: { ok: false, error: expect.any(String) } });
    expect(tested.text).not.toContain("10.0.0.7");
  });
});
