import { expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { type Call, callerOf, refusalOf } from "../../support/hookstream.ts";

type Shown = Readonly<Record<string, unknown>> & { readonly id: string };

const make = async (call: Call, body: object): Promise<Shown> => {
  const made = await call("POST", "/v1/sources", { body: { name: "x", slug: "x", ...body } });
  if (made.status !== 201) throw new Error(made.text);
  const source: Shown = (await call("GET", `/v1/sources/${made.body.source.id}`)).body.source;
  return source;
};

const secret = "0123456789abcdef";

/** What a source is made as, what is sent then, and what that changes of what is shown. */
const rows: readonly [what: string, made: object, sent: object, changed: object][] = [
  ["nothing", { template: "stripe", verification_secret: secret }, {}, {}],
  [
    "each plain field",
    {},
    { name: "y", slug: "y", description: "d", status: "disabled", request_limit: 7 },
    {
      name: "y",
      slug: "y",
      description: "d",
      status: "disabled",
      request_limit: 7,
    },
  ],
  [
    "null resets",
    { description: "d", status: "paused", request_limit: 7, expires_at: "2199-01-01T00:00:00Z", is_ephemeral: true },
    {
      description: null,
      status: null,
      request_limit: null,
      expires_at: null,
      is_ephemeral: null,
    },
    { description: null, status: "active", request_limit: null, expires_at: null, is_ephemeral: 0 },
  ],
  [
    "a secret that a template waited for",
    { template: "github" },
    { verification_secret: secret },
    {
      verification_secret: secret,
      verification_enabled: 1,
    },
  ],
  [
    "a type that a secret waited for",
    { verification_secret: secret },
    { verification_type: "bearer" },
    {
      verification_enabled: 1,
      verification_type: "bearer",
      verification_header: "authorization",
    },
  ],
  [
    "a new secret where verification was switched off",
    { template: "github", verification_secret: secret, verification_enabled: false },
    {
      verification_secret: "another-secret-1234",
    },
    { verification_secret: "another-secret-1234" },
  ],
  ["a mask", { template: "github", verification_secret: secret }, { verification_secret: "••••cdef" }, {}],
  [
    "a secret that goes, with what it was for",
    { template: "github", verification_secret: secret },
    {
      verification_secret: null,
      verification_enabled: false,
    },
    { verification_secret: null, verification_enabled: 0 },
  ],
  [
    "verification off and on",
    { template: "github", verification_secret: secret, verification_enabled: false },
    { verification_enabled: true },
    {
      verification_enabled: 1,
    },
  ],
  [
    "a header of one's own",
    { template: "stripe", verification_secret: secret },
    { verification_header: "x-own" },
    {
      verification_header: "x-own",
      verification_config: null,
    },
  ],
  [
    "a config beside a template",
    { template: "stripe", verification_secret: secret },
    { verification_config: { tolerance_seconds: 5 } },
    {
      verification_config: '{"tolerance_seconds":5}',
    },
  ],
  [
    "one's own is forgotten",
    { template: "github", verification_secret: secret, verification_header: "x-own" },
    { verification_header: null },
    {
      verification_header: "x-hub-signature-256",
      verification_config: expect.stringContaining("sha256="),
    },
  ],
  [
    "one field of one's own leaves the others",
    { verification_type: "hmac_sha256", verification_secret: secret, verification_config: { encoding: "hex" } },
    {
      verification_header: "x-own",
    },
    { verification_header: "x-own" },
  ],
  [
    "another template",
    { template: "stripe", verification_secret: secret, verification_header: "x-own" },
    { template: "github" },
    {
      template: "github",
      verification_header: "x-hub-signature-256",
      verification_config: expect.any(String),
    },
  ],
  [
    "no template",
    { template: "stripe", verification_secret: secret },
    { template: null, verification_enabled: false },
    {
      template: null,
      verification_enabled: 0,
      verification_type: null,
      verification_header: null,
      verification_config: null,
    },
  ],
  ["dedup on, alone", {}, { dedup_enabled: true }, { dedup_enabled: 1, dedup_strategy: "payload_hash" }],
  [
    "dedup off keeps what it was",
    { dedup_strategy: "body_field", dedup_field: "a", dedup_window_seconds: 9 },
    { dedup_enabled: false },
    { dedup_enabled: 0 },
  ],
  [
    "a strategy that goes",
    { dedup_strategy: "body_field", dedup_field: "a" },
    { dedup_strategy: null },
    { dedup_enabled: 0, dedup_strategy: null },
  ],
  [
    "a window of 0",
    { dedup_enabled: true, dedup_window_seconds: 9 },
    { dedup_window_seconds: 0 },
    { dedup_window_seconds: 300 },
  ],
  [
    "addresses",
    { ip_allowlist: ["::1"] },
    { ip_allowlist: [], ip_denylist: ["10.0.0.0/8"] },
    { ip_allowlist: null, ip_denylist: '["10.0.0.0/8"]' },
  ],
  [
    "a schema",
    {},
    { json_schema: true, schema_action: "warn" },
    { schema_validation_enabled: 1, json_schema: "true", schema_action: "warn" },
  ],
  [
    "a schema that goes",
    { json_schema: {} },
    { json_schema: null, schema_action: null },
    {
      schema_validation_enabled: 0,
      json_schema: null,
      schema_action: null,
    },
  ],
  [
    "headers behind masks stay, and others come",
    { source_config: { headers: { a: "1", b: "2" } } },
    {
      source_config: { headers: { a: "••••", c: "3" } },
    },
    { source_config: '{"headers":{"a":"••••","c":"3"}}' },
  ],
  ["a config that goes", { source_config: { a: 1 } }, { source_config: null }, { source_config: null }],
  ["the same type", { type: "websocket" }, { type: "websocket" }, {}],
];

test("a change changes what was sent, and what follows from it", async () => {
  const call = callerOf(await startGateway());
  for (const [what, made, sent, changed] of rows) {
    const before = await make(call, made);
    const answered = await call("PATCH", `/v1/sources/${before.id}`, { body: sent });
    expect([what, answered.status, answered.body]).toEqual([
      what,
      200,
      { source: { ...before, ...changed, updated_at: expect.any(String) } },
    ]);
    const shown = (await call("GET", `/v1/sources/${before.id}`)).body.source;
    const { verification_secret: told, source_config: config, ...rest } = answered.body.source;
    const masked = { verification_secret: expect.any(String), source_config: expect.any(String) };
    expect([what, shown]).toEqual([
      what,
      {
        ...rest,
        verification_secret: told === null ? null : masked.verification_secret,
        source_config: config === null ? null : masked.source_config,
      },
    ]);
    if (told !== null) expect(shown.verification_secret).toMatch(/^••••(.{4})?$/);
    await call("DELETE", `/v1/sources/${before.id}`);
  }
});

test("a source that is sent back as it was shown changes nothing", async () => {
  const call = callerOf(await startGateway());
  const sources: object[] = [
    {},
    { template: "stripe", verification_secret: secret, dedup_strategy: "provider_id", ip_allowlist: ["::1"] },
    { template: "stripe", verification_header: "x-own", verification_secret: secret, verification_enabled: false },
    { verification_type: "HMAC-SHA256", verification_secret: "s", verification_config: { prefix: "v1=" } },
    { json_schema: { type: "object" }, source_config: { headers: { a: "secret" }, id: 1 }, is_ephemeral: true },
  ];
  for (const [at, body] of sources.entries()) {
    const before = await make(call, { slug: `s-${at}`, ...body });
    const answered = await call("PATCH", `/v1/sources/${before.id}`, { body: before });
    expect([answered.status, answered.body.source]).toEqual([200, before]);
  }
});

test("what is behind a mask stays what it was", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const { id } = await make(call, {
    verification_type: "bearer",
    verification_secret: secret,
    source_config: { headers: { a: "1" } },
  });
  const body = { verification_secret: "••••", source_config: { headers: { a: "••••" } } };
  expect((await call("PATCH", `/v1/sources/${id}`, { body })).status).toBe(200);
  const [routed] = [...gateway.core.table.sources()];
  expect(routed!.secretsAt(0)).toEqual({ kind: "opened", secrets: [secret] });
  expect(routed!.config()).toBe('{"headers":{"a":"1"}}');
});

test("a new secret counts at once, or beside the one before it where that is wished", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const { id } = await make(call, { verification_type: "bearer", verification_secret: "first" });
  const secrets = () => [...gateway.core.table.sources()][0]!.secretsAt(gateway.clock.nowMs());
  const send = (body: object) => call("PATCH", `/v1/sources/${id}`, { body });
  await send({ verification_secret: "second", rotate_immediately: false });
  expect(secrets()).toEqual({ kind: "opened", secrets: ["second", "first"] });
  await send({ verification_secret: "third" });
  expect(secrets()).toEqual({ kind: "opened", secrets: ["third"] });
});

/** What cannot be changed so. */
const invalid: readonly [made: object, sent: object, problem: string][] = [
  [{}, { name: "" }, "'name' must not be empty"],
  [{}, { slug: "A" }, "'slug' must match pattern ^[a-z0-9-]+$"],
  [{}, { type: "websocket" }, "'type' cannot be changed"],
  [{}, { template: "nonsense" }, "'template' is not a template; GET /v1/sources/templates lists them"],
  [{}, { verification_enabled: true }, "'verification_type' is required to verify"],
  [{ template: "github" }, { verification_enabled: true }, "'verification_secret' is required to verify"],
  [{}, { verification_type: "bearer" }, "'verification_secret' is required to verify"],
  [
    { template: "github", verification_secret: "s" },
    { verification_secret: null },
    "'verification_secret' is required to verify",
  ],
  [
    { template: "github", verification_secret: "s" },
    { verification_secret: "" },
    "'verification_secret' is required to verify",
  ],
  [
    { dedup_strategy: "body_field", dedup_field: "a" },
    { dedup_field: null },
    "'dedup_field' is required for dedup_strategy body_field",
  ],
  [
    { template: "github", dedup_strategy: "provider_id" },
    { template: "custom" },
    "'dedup_strategy' provider_id needs a template",
  ],
  [{}, { dedup_window_seconds: -1 }, "'dedup_window_seconds' must be at least 0"],
  [
    { json_schema: {} },
    { json_schema: null, schema_validation_enabled: true },
    "'json_schema' is required to validate",
  ],
  [{}, { schema_validation_enabled: true }, "'json_schema' is required to validate"],
  [{}, { rotate_immediately: "x" }, "'rotate_immediately' must be true or false"],
];

test("a change that cannot be made is 400, and nothing of it is made", async () => {
  const call = callerOf(await startGateway());
  for (const [made, sent, problem] of invalid) {
    const before = await make(call, made);
    const refused = await call("PATCH", `/v1/sources/${before.id}`, { body: { description: "half", ...sent } });
    expect([sent, refused.status]).toEqual([sent, 400]);
    expect(refused.body).toEqual({ ...refusalOf(400, "")[1], error: expect.any(String) });
    expect(String(refused.body.error)).toSatisfy((error: string) => error.startsWith(`Invalid body: ${problem}`));
    expect((await call("GET", `/v1/sources/${before.id}`)).body.source).toEqual(before);
    await call("DELETE", `/v1/sources/${before.id}`);
  }
});

test("another source's slug is 409", async () => {
  const call = callerOf(await startGateway());
  await make(call, { slug: "taken" });
  const { id } = await make(call, { slug: "own" });
  const refused = await call("PATCH", `/v1/sources/${id}`, { body: { slug: "taken" } });
  expect([refused.status, refused.body]).toEqual(refusalOf(409, "A source with slug 'taken' already exists"));
  expect((await call("PATCH", `/v1/sources/${id}`, { body: { slug: "own" } })).status).toBe(200);
});
