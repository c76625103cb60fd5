import { expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { callerOf, emptySource, refusalOf } from "../../support/hookstream.ts";

/** What the documentation sends, its placeholders made valid. */
const documented = {
  name: "string",
  slug: "my-source",
  description: "string",
  template: "stripe",
  type: "http",
  source_config: {},
  verification_enabled: true,
  verification_type: "hmac_sha256",
  verification_secret: "string",
  verification_header: "X-String",
  dedup_enabled: true,
  dedup_strategy: "body_field",
  dedup_field: "string",
  dedup_window_seconds: 0,
  ip_allowlist: ["203.0.113.0/24"],
  ip_denylist: ["2001:db8::1"],
};

test("the documented request makes a source with all documented fields, of their types and in their order", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const [place] = (await gateway.core.access.listKeys(null)).keys;
  const [org_id, env_id] = [place!.teamId.replaceAll("-", ""), place!.envId.replaceAll("-", "")];
  const made = await call("POST", "/v1/sources", { body: { org_id, env_id, ...documented } });
  expect(made.status).toBe(201);
  const { source } = made.body;
  expect(made.body).toEqual({
    source: {
      id: expect.stringMatching(/^[0-9a-f]{32}$/),
      org_id,
      env_id,
      slug: "my-source",
      name: "string",
      description: "string",
      template: "stripe",
      verification_enabled: 1,
      verification_type: "hmac_sha256",
      verification_secret: "string",
      verification_header: "X-String",
      verification_config: null,
      dedup_enabled: 1,
      dedup_strategy: "body_field",
      dedup_field: "string",
      dedup_window_seconds: 300,
      ip_allowlist: '["203.0.113.0/24"]',
      ip_denylist: '["2001:db8::1"]',
      status: "active",
      event_count: 0,
      last_event_at: null,
      created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      updated_at: source.created_at,
      is_ephemeral: 0,
      expires_at: null,
      request_limit: null,
      type: "http",
      source_config: "{}",
      schema_validation_enabled: 0,
      json_schema: null,
      schema_action: null,
      ingest_url: `https://hooks.example.com/v1/ingest/${source.id}`,
    },
  });
  expect(Object.keys(source)).toEqual(Object.keys(emptySource));
});

test("a name and a slug are enough, and null is as good as nothing", async () => {
  const call = callerOf(await startGateway());
  const made = await call("POST", "/v1/sources", { body: { name: "a", slug: "a" } });
  expect([made.status, made.body.source]).toEqual([201, { ...emptySource, name: "a", slug: "a" }]);
  const optional = Object.keys(documented).filter((field) => field !== "name" && field !== "slug");
  const nulls = Object.fromEntries([...optional, "json_schema", "status", "expires_at"].map((field) => [field, null]));
  const empty = await call("POST", "/v1/sources", { body: { name: "b", slug: "b", ...nulls, org_id: null } });
  expect([empty.status, empty.body.source]).toEqual([201, { ...emptySource, name: "b", slug: "b" }]);
});

/** What the rest of a body makes of what answers show. */
const rows: readonly [what: string, sent: object, shown: object][] = [
  [
    "a template alone is not verified until there is a secret",
    { template: "github" },
    {
      template: "github",
      verification_type: "hmac_sha256",
      verification_header: "x-hub-signature-256",
      verification_config: expect.stringContaining("sha256="),
    },
  ],
  [
    "a template and a secret are",
    { template: "standard-webhooks", verification_secret: "whsec_0123456789" },
    {
      template: "standard-webhooks",
      verification_enabled: 1,
      verification_type: "standard_webhooks",
      verification_secret: "whsec_0123456789",
      verification_header: "webhook-signature",
      verification_config: '{"header_prefix":"webhook"}',
    },
  ],
  [
    "unless it is said otherwise",
    { template: "stripe", verification_secret: "s", verification_enabled: false },
    {
      template: "stripe",
      verification_secret: "s",
      verification_type: "hmac_sha256",
      verification_header: "stripe-signature",
      verification_config: expect.stringContaining("{timestamp}.{body}"),
    },
  ],
  ["`custom` is a template, too", { template: "custom" }, { template: "custom" }],
  [
    "a type as people write it",
    { verification_type: "HMAC-SHA1", verification_secret: "s" },
    {
      verification_enabled: 1,
      verification_type: "HMAC-SHA1",
      verification_secret: "s",
      verification_header: "x-webhook-signature",
    },
  ],
  [
    "a type without a secret, switched off",
    { verification_type: "hmac_sha512", verification_enabled: false },
    {
      verification_type: "hmac_sha512",
      verification_header: "x-webhook-signature",
    },
  ],
  ["a secret alone verifies nothing", { verification_secret: "s" }, { verification_secret: "s" }],
  [
    "a header takes the place of the template's",
    { template: "stripe", verification_header: "x-own", verification_secret: "s" },
    {
      template: "stripe",
      verification_enabled: 1,
      verification_type: "hmac_sha256",
      verification_secret: "s",
      verification_header: "x-own",
    },
  ],
  [
    "a config adds to the template",
    { template: "stripe", verification_config: { tolerance_seconds: 10 } },
    {
      template: "stripe",
      verification_type: "hmac_sha256",
      verification_header: "stripe-signature",
      verification_config: '{"tolerance_seconds":10}',
    },
  ],
  [
    "a config as JSON text",
    { verification_type: "token", verification_secret: "s", verification_config: '{ "query": "k" }' },
    {
      verification_enabled: 1,
      verification_type: "token",
      verification_secret: "s",
      verification_config: '{"query":"k"}',
    },
  ],
  [
    "every other type",
    { verification_type: "ed25519", verification_secret: "s", verification_config: { timestamp_header: "x-t" } },
    {
      verification_enabled: 1,
      verification_type: "ed25519",
      verification_secret: "s",
      verification_header: "x-webhook-signature",
      verification_config: '{"timestamp_header":"x-t"}',
    },
  ],
  ["dedup alone goes by the bytes", { dedup_enabled: true }, { dedup_enabled: 1, dedup_strategy: "payload_hash" }],
  [
    "a strategy switches it on",
    { dedup_strategy: "header_field", dedup_field: "x-id", dedup_window_seconds: 2592000 },
    {
      dedup_enabled: 1,
      dedup_strategy: "header_field",
      dedup_field: "x-id",
      dedup_window_seconds: 2592000,
    },
  ],
  [
    "unless that is said to be off",
    { dedup_strategy: "body_field", dedup_field: "a.b", dedup_enabled: false },
    {
      dedup_strategy: "body_field",
      dedup_field: "a.b",
    },
  ],
  [
    "the sender's own id",
    { template: "github", dedup_strategy: "provider_id" },
    {
      template: "github",
      verification_type: "hmac_sha256",
      verification_header: "x-hub-signature-256",
      verification_config: expect.any(String),
      dedup_enabled: 1,
      dedup_strategy: "provider_id",
    },
  ],
  [
    "addresses of both families",
    { ip_allowlist: ["10.0.0.0/8", "::1", "fd00::/8"], ip_denylist: [] },
    {
      ip_allowlist: '["10.0.0.0/8","::1","fd00::/8"]',
    },
  ],
  [
    "a schema switches itself on",
    { json_schema: { type: "object", maximum: 1 } },
    {
      schema_validation_enabled: 1,
      json_schema: '{"type":"object","maximum":1}',
      schema_action: "reject",
    },
  ],
  [
    "a schema as JSON text, that warns, kept for later",
    {
      json_schema: '{"$schema":"http://json-schema.org/draft-04/schema#"}',
      schema_action: "warn",
      schema_validation_enabled: false,
    },
    { json_schema: '{"$schema":"http://json-schema.org/draft-04/schema#"}', schema_action: "warn" },
  ],
  [
    "a connection that stays open, and its settings",
    { type: "websocket", source_config: { url: "wss://x", headers: { a: "b" } } },
    {
      type: "websocket",
      source_config: '{"url":"wss://x","headers":{"a":"b"}}',
      ingest_url: expect.stringMatching(/^wss:\/\/hooks\.example\.com\/v1\/ws\/ingest\/[0-9a-f]{32}$/),
    },
  ],
  [
    "numbers of 64 bits keep their digits",
    { source_config: '{"id":9007199254740993}' },
    {
      source_config: '{"id":9007199254740993}',
    },
  ],
  [
    "a status, a life and a number of requests",
    { status: "paused", expires_at: "2199-01-01T00:00:00+01:00", request_limit: 5, is_ephemeral: true },
    {
      status: "paused",
      is_ephemeral: 1,
      expires_at: "2198-12-31T23:00:00Z",
      request_limit: 5,
    },
  ],
  [
    "what is ephemeral lives 14 days",
    { is_ephemeral: true },
    { is_ephemeral: 1, expires_at: expect.stringMatching(/Z$/) },
  ],
  [
    "0 and 1 are as good as false and true",
    { dedup_enabled: 1, is_ephemeral: 0 },
    { dedup_enabled: 1, dedup_strategy: "payload_hash" },
  ],
  ["what nobody knows is ignored", { nonsense: 1, id: "x", event_count: 9 }, {}],
];

test("a source is what it is sent as, with what follows from it", async () => {
  const call = callerOf(await startGateway());
  for (const [at, [what, sent, shown]] of rows.entries()) {
    const own = { name: what, slug: `row-${at}` };
    const made = await call("POST", "/v1/sources", { body: { ...own, ...sent } });
    expect([what, made.status, made.body.source]).toEqual([what, 201, { ...emptySource, ...own, ...shown }]);
  }
});

test("every template that is listed makes a source", async () => {
  const call = callerOf(await startGateway());
  type Template = Readonly<
    Record<"slug" | "verification_type" | "verification_header" | "verification_config", string>
  >;
  const templates: readonly Template[] = (await call("GET", "/v1/sources/templates")).body.templates;
  const slugs = templates.map(({ slug }) => slug);
  for (const slug of ["stripe", "github", "shopify", "slack", "twilio", "sendgrid", "intercom", "linear", "clerk"]) {
    expect(slugs).toContain(slug);
  }
  for (const slug of ["svix", "paddle", "resend", "postmark", "typeform", "custom"]) expect(slugs).toContain(slug);
  for (const { slug, ...template } of templates) {
    const made = await call("POST", "/v1/sources", { body: { name: "x", slug: `t-${slug}`, template: slug } });
    expect([slug, made.status]).toEqual([slug, 201]);
    const { verification_type, verification_header, verification_config } = template;
    expect(made.body.source).toMatchObject({
      template: slug,
      verification_enabled: 0,
      verification_type,
      verification_header,
      verification_config,
    });
  }
});

test("a slug is taken once in an environment, and is free again when its source is deleted", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const body = { name: "x", slug: "taken" };
  const first = await call("POST", "/v1/sources", { body });
  const refused = await call("POST", "/v1/sources", { body });
  expect([refused.status, refused.body]).toEqual(refusalOf(409, "A source with slug 'taken' already exists"));
  const elsewhere = await gateway.newKey({ env: "staging" });
  expect((await call("POST", "/v1/sources", { body, key: elsewhere })).status).toBe(201);
  await call("DELETE", `/v1/sources/${first.body.source.id}`);
  expect((await call("POST", "/v1/sources", { body })).status).toBe(201);
});

test("checks come in their order: 401, 400, 403 for the place, 403 for the limit, 409", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const good = { name: "x", slug: "x" };
  expect((await call("POST", "/v1/sources", { body: good })).status).toBe(201);
  await gateway.core.access.setTeamLimits("default", { maxSources: 1 });
  const foreign = { env_id: "0".repeat(32) };
  const reader = await gateway.newKey({ scopes: ["webhooks:read"] });
  const steps = [
    [{ key: null, body: { ...foreign, name: 5 } }, 401, "Missing API key or session"],
    [{ key: reader, body: { ...foreign, name: 5 } }, 403, "Insufficient scope"],
    [
      { body: { ...foreign, ...good, verification_enabled: true } },
      400,
      "Invalid body: 'verification_type' is required to verify",
    ],
    [{ body: { ...foreign, ...good } }, 403, "Forbidden: 'env_id' is not an environment of yours"],
    [{ body: good }, 403, "Plan limit reached: the organization has as many sources as it may have"],
  ] as const;
  for (const [options, status, error] of steps) {
    const refused = await call("POST", "/v1/sources", options);
    expect([options, refused.status, refused.body]).toEqual([options, ...refusalOf(status, error)]);
  }
  await gateway.core.access.setTeamLimits("default", { maxSources: 2 });
  const taken = await call("POST", "/v1/sources", { body: good });
  expect([taken.status, taken.body]).toEqual(refusalOf(409, "A source with slug 'x' already exists"));
});
