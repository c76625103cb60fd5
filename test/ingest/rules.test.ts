import { createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import type { HttpWish } from "../../harness/http.ts";
import { signSample } from "../../src/providers/sign.ts";
import { eventually } from "../support/engine.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { shippedPreset } from "../support/presets.ts";
import { startReceiver } from "../support/receiver.ts";
import { connect, countOf, makeSource, refusalsOf, send, storedOf, type RuledSource } from "../support/ruled-source.ts";

type Wish = HttpWish & { readonly query?: string };

const secret = "a secret of the source";
const mac = (body: string): string => createHmac("sha256", secret).update(body).digest("hex");
const signed = { verification_type: "hmac_sha256", verification_secret: secret, verification_header: "X-Sig" };
const signature = (body: string): Wish => ({ body, headers: { "x-sig": mac(body) } });
const hex32 = expect.stringMatching(/^[0-9a-f]{32}$/);
const requestId = expect.stringMatching(/^req_[0-9a-f]{32}$/);
const schema = { type: "object", required: ["id"], properties: { id: { type: "integer" } } };
const later = (gateway: TestGateway, ms: number): string => new Date(gateway.clock.nowMs() + ms).toISOString();

describe("at /v1/ingest", () => {
  test("every method but HEAD and OPTIONS makes an event, which the answer names once it is on disk", async () => {
    const gateway = await startGateway();
    const source = await makeSource(gateway);
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"]) {
      const told = await send(gateway, source, { method, query: "?a=b", body: method === "GET" ? undefined : "{}" });
      expect([told.status, told.json]).toEqual([200, { event_id: hex32, source_id: source.id }]);
      expect(told.headers).toMatchObject({
        "content-type": "application/json",
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
        "x-request-id": requestId,
      });
    }
    expect((await storedOf(gateway, source)).map(({ method }) => method)).toEqual([
      "GET",
      "POST",
      "PUT",
      "PATCH",
      "DELETE",
    ]);
    expect(await countOf(gateway, source)).toBe(5);
    for (const method of ["HEAD", "OPTIONS"]) {
      const told = await send(gateway, source, { method, body: undefined });
      expect([told.status, told.headers["allow"]]).toEqual([405, "GET, POST, PUT, PATCH, DELETE"]);
    }
  });

  test("an id may have dashes and a prefix; an unknown one is 404, in words of its own", async () => {
    const gateway = await startGateway();
    const { id } = await makeSource(gateway);
    expect((await send(gateway, { path: `/v1/ingest/src_${id.toUpperCase()}?x` })).status).toBe(200);
    expect((await send(gateway, { path: `/v1/ingest/${id.slice(0, 8)}-${id.slice(8)}` })).status).toBe(200);
    for (const path of ["/v1/ingest", "/v1/ingest/", `/v1/ingest/${"0".repeat(32)}`, `/v1/ingest/${id}/x`]) {
      const told = await send(gateway, { path });
      expect([path, told.status, told.json]).toEqual([
        path,
        404,
        { error: "Source not found", status: 404, request_id: requestId },
      ]);
      expect(told.headers["x-request-id"]).toBe((told.json as { request_id: string }).request_id);
    }
  });

  test("the URL says how it is answered, the source what becomes of it", async () => {
    const gateway = await startGateway();
    const source = await makeSource(gateway, signed);
    const bySlug = { path: source.slugPath };
    expect((await send(gateway, bySlug, signature("{}"))).json).toEqual({ ok: true });
    const told = await send(gateway, bySlug);
    expect([told.status, told.json]).toEqual([401, { error: "invalid_signature" }]);
    const { body } = await gateway.request("POST", "/webhooks/sources", { name: "k", provider: "github" });
    const krafters = { path: `/v1/ingest/${body.data.id}` };
    const kept = await send(gateway, krafters);
    expect([kept.status, kept.json]).toEqual([
      200,
      { event_id: hex32, source_id: String(body.data.id).replaceAll("-", "") },
    ]);
  });
});

describe("a request is refused, told why, and shown to the source's owner", () => {
  const list = (source: string): string => `${source}/8`;
  test.for<[string, object | ((gateway: TestGateway) => object), Wish, number, object, string]>([
    [
      "after the source's end",
      (gateway) => ({ expires_at: later(gateway, 60_000) }),
      {},
      410,
      { error: "Source has expired" },
      "expired 410",
    ],
    ["while it is disabled", { status: "disabled" }, {}, 403, { error: "Source is disabled" }, "disabled 403"],
    [
      "from an address in the deny list",
      { ip_denylist: [list("127.0.0.0")], ip_allowlist: ["127.0.0.1"] },
      {},
      403,
      { error: "Forbidden", reason: "IP is in deny list" },
      "ip_denied 403",
    ],
    [
      "from an address that is not in the allow list",
      { ip_allowlist: ["192.0.2.1", "2001:db8::/32"] },
      {},
      403,
      { error: "Forbidden", reason: "IP is not in allow list" },
      "ip_not_allowed 403",
    ],
    ["without its signature", signed, {}, 401, { error: "Invalid signature" }, "invalid_signature 401"],
    [
      "with a forged one",
      signed,
      { headers: { "x-sig": mac("other") } },
      401,
      { error: "Invalid signature" },
      "invalid_signature 401",
    ],
    [
      "when it does not fit the schema",
      { json_schema: schema, schema_validation_enabled: true, schema_action: "reject" },
      { body: '{"id":"x"}' },
      422,
      {
        error: "Payload does not match the source's schema",
        validation_errors: [{ path: "/id", message: expect.any(String) }],
      },
      "schema_invalid 422",
    ],
    [
      "when it is no JSON and a schema asks for some",
      { json_schema: schema, schema_validation_enabled: true },
      { body: "id=1" },
      422,
      {
        error: "Payload does not match the source's schema",
        validation_errors: [{ path: "", message: "must be JSON" }],
      },
      "schema_invalid 422",
    ],
  ])("%s", async ([_, fields, wish, status, content, shown]) => {
    const gateway = await startGateway();
    const source = await makeSource(gateway, typeof fields === "function" ? fields(gateway) : fields);
    if (shown.startsWith("expired")) {
      expect((await send(gateway, source)).status).toBe(200);
      gateway.clock.jump(60_001);
    }
    const before = await countOf(gateway, source);
    const told = await send(gateway, source, wish);
    expect([told.status, told.json]).toEqual([status, { status, request_id: requestId, ...content }]);
    expect(await countOf(gateway, source)).toBe(before);
    expect(await refusalsOf(gateway, source)).toEqual([shown]);
    const kept = (await storedOf(gateway, source)).slice(before);
    // Of what is not validly signed, a row is kept for people to see, without what was sent.
    expect(
      kept.map(({ quarantined, body_dropped, kept: bytes, deliveries }) => [
        quarantined,
        body_dropped,
        bytes,
        deliveries,
      ]),
    ).toEqual(status === 401 ? [[1, 1, 0, 0]] : []);
  });

  test("in the order of the contract: what is found first is told", async () => {
    const gateway = await startGateway();
    const fields = { ...signed, json_schema: schema, schema_validation_enabled: true };
    const source = await makeSource(gateway, { ...fields, request_limit: 1, expires_at: later(gateway, 60_000) });
    const statusNow = async (wish: Wish = {}): Promise<number> => (await send(gateway, source, wish)).status;
    const change = (changes: object) => gateway.request("PATCH", `/v1/sources/${source.id}`, changes);
    expect(await statusNow({ body: "{}" })).toBe(401);
    expect(await statusNow(signature("{}"))).toBe(422);
    expect(await statusNow(signature('{"id":1}'))).toBe(200);
    await change({ status: "disabled", ip_denylist: ["127.0.0.1"] });
    expect(await statusNow()).toBe(429);
    gateway.clock.jump(60_001);
    expect(await statusNow()).toBe(410);
    await change({ expires_at: null, request_limit: null });
    expect((await send(gateway, source)).json).toMatchObject({ error: "Source is disabled" });
    await change({ status: "active" });
    expect((await send(gateway, source)).json).toMatchObject({ reason: "IP is in deny list" });
    await change({ ip_denylist: null });
    expect(await statusNow()).toBe(401);
  });

  test("only the last hundred are kept", async () => {
    const gateway = await startGateway();
    const source = await makeSource(gateway);
    const change = (changes: object) => gateway.request("PATCH", `/v1/sources/${source.id}`, changes);
    await change({ status: "disabled" });
    for (let at = 0; at < 51; at += 1) await send(gateway, source);
    await gateway.gateway.refused.flush();
    await change({ status: "active", ip_denylist: ["127.0.0.1"] });
    for (let at = 0; at < 99; at += 1) await send(gateway, source);
    const refusals = await refusalsOf(gateway, source);
    expect(refusals).toHaveLength(100);
    expect(refusals.filter((reason) => reason === "ip_denied 403")).toHaveLength(99);
  });
});

describe("the address of a sender", () => {
  const allowed = { ip_allowlist: ["198.51.100.7", "2001:db8::/32"] };
  const forwarded = (value: string | string[]): Wish => ({ headers: { "x-forwarded-for": value } });

  test("is the socket's, whatever headers say, where no proxy is trusted", async () => {
    const gateway = await startGateway();
    const source = await makeSource(gateway, allowed);
    for (const name of ["x-forwarded-for", "x-real-ip", "forwarded", "cf-connecting-ip", "true-client-ip"]) {
      const told = await send(gateway, source, { headers: { [name]: "198.51.100.7" } });
      expect([name, told.status]).toEqual([name, 403]);
    }
  });

  test.for<[string, Wish, number]>([
    ["the last that no proxy of ours wrote", forwarded("198.51.100.7"), 200],
    ["not one that the sender wrote before it", forwarded("198.51.100.7, 203.0.113.9"), 403],
    ["nor one in a header of its own", forwarded(["198.51.100.7", "203.0.113.9"]), 403],
    ["behind two proxies", forwarded("198.51.100.7, 10.0.0.3"), 200],
    ["of the new kind", forwarded("2001:DB8:0::1"), 200],
    ["of the old kind inside the new", forwarded("::ffff:198.51.100.7"), 200],
    ["the proxy's own, where it wrote nothing that is one", forwarded("unknown"), 403],
    ["the proxy's own, where it wrote none", {}, 403],
  ])("behind trusted proxies is %s", async ([_, wish, status]) => {
    const gateway = await startGateway({ environment: { TRUSTED_PROXIES: "127.0.0.1,10.0.0.0/8" } });
    const source = await makeSource(gateway, allowed);
    expect((await send(gateway, source, wish)).status).toBe(status);
  });
});

describe("an event is taken", () => {
  test("and marked when its source only warns of what does not fit its schema", async () => {
    await using receiver = await startReceiver();
    const gateway = await startGateway();
    const source = await makeSource(gateway, {
      json_schema: schema,
      schema_validation_enabled: true,
      schema_action: "warn",
    });
    await connect(gateway, source, receiver.url);
    for (const body of ['{"id":1}', '{"id":"x"}', "no json"]) await send(gateway, source, { body });
    const stored = await storedOf(gateway, source);
    expect(stored.map(({ schema_valid }) => schema_valid)).toEqual([1, 0, 0]);
    await eventually(() => expect(receiver.requests).toHaveLength(3));
    await gateway.request("PATCH", `/v1/sources/${source.id}`, { schema_validation_enabled: false });
    await send(gateway, source);
    expect((await storedOf(gateway, source)).at(-1)?.schema_valid).toBeNull();
  });

  test("and kept, when its source is paused", async () => {
    const gateway = await startGateway();
    const source = await makeSource(gateway, { status: "paused" });
    await connect(gateway, source, "http://127.0.0.1:9/");
    expect((await send(gateway, source)).status).toBe(200);
    expect((await storedOf(gateway, source)).map(({ deliveries, kept }) => [deliveries, kept])).toEqual([[0, 7]]);
  });

  test("unlooked at, when its source does not verify although it knows how", async () => {
    const gateway = await startGateway();
    const source = await makeSource(gateway, { ...signed, verification_enabled: false });
    await send(gateway, source, { headers: { "x-sig": "nonsense" } });
    expect((await storedOf(gateway, source))[0]).toMatchObject({ signature_reason: "skipped", quarantined: 0 });
  });

  test("when the sender signed the URL that it called", async () => {
    const gateway = await startGateway();
    const source = await makeSource(gateway, { template: "twilio", verification_secret: secret });
    const preset = shippedPreset("twilio");
    const nowMs = gateway.clock.nowMs();
    const via = async (path: string, called: string): Promise<number> => {
      const sample = signSample(preset, { secret, nowMs, url: `https://hooks.example.com${called}` });
      const headers = Object.fromEntries(sample.headers);
      return (await send(gateway, { path }, { headers, body: sample.body })).status;
    };
    expect(await via(source.path, source.path)).toBe(200);
    expect(await via(source.slugPath, source.slugPath)).toBe(200);
    expect(await via(source.path, source.slugPath)).toBe(401);
  });

  test("only as often as the source's limit allows, however many come at once", async () => {
    const gateway = await startGateway();
    const source = await makeSource(gateway, { request_limit: 5 });
    const told = await Promise.all(Array.from({ length: 20 }, () => send(gateway, source)));
    expect(told.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(told.filter(({ status }) => status === 429)).toHaveLength(15);
    expect(await storedOf(gateway, source)).toHaveLength(5);
    expect((await send(gateway, source)).status).toBe(429);
  });
});

describe("a sender's question", () => {
  const url = (source: RuledSource, via: string): { path: string } => ({
    path: via === "id" ? source.path : source.slugPath,
  });
  const challenge = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1aBm2rZgRNFdxV2595E9CY" });

  test.for(["id", "slug"])("is answered by %s, and is no event", async (via) => {
    const gateway = await startGateway();
    const slack = await makeSource(gateway, { template: "slack" });
    const told = await send(gateway, url(slack, via), { body: challenge });
    expect([told.status, told.text, told.headers["content-type"]]).toEqual([
      200,
      "3eZbrw1aBm2rZgRNFdxV2595E9CY",
      "text/plain; charset=utf-8",
    ]);
    expect(told.headers).toMatchObject({
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
    });
    const dropbox = await makeSource(gateway, { template: "dropbox" });
    const asked = await send(gateway, url(dropbox, via), { method: "GET", body: undefined, query: "?challenge=abc" });
    expect([asked.status, asked.text]).toEqual([200, "abc"]);
    const trello = await makeSource(gateway, { template: "trello" });
    expect((await send(gateway, url(trello, via), { method: "HEAD", body: undefined })).status).toBe(200);
    for (const source of [slack, dropbox, trello]) {
      expect([await countOf(gateway, source), await storedOf(gateway, source)]).toEqual([0, []]);
    }
  });

  test("is not what a browser could run", async () => {
    const gateway = await startGateway();
    const dropbox = await makeSource(gateway, { template: "dropbox" });
    const query = `?challenge=${encodeURIComponent("<script>alert(1)</script>")}`;
    const bySlug = await send(gateway, { path: dropbox.slugPath }, { method: "GET", body: undefined, query });
    expect([bySlug.status, bySlug.text]).toEqual([405, '{"error":"method_not_allowed"}']);
    const byId = await send(gateway, dropbox, { method: "GET", body: undefined, query });
    expect([byId.status, byId.json]).toEqual([200, { event_id: hex32, source_id: dropbox.id }]);
  });

  test("is asked in vain where the sender's address is refused", async () => {
    const gateway = await startGateway();
    const slack = await makeSource(gateway, { template: "slack", ip_denylist: ["127.0.0.1"] });
    expect((await send(gateway, slack, { body: challenge })).status).toBe(403);
  });
});
