import { expect, test } from "vitest";

import { readId } from "../../../src/lib/ids.ts";
import { startGateway } from "../../support/gateway.ts";
import { callerOf, type Made, plainDestination, refusalOf } from "../../support/hookstream.ts";

const url = "https://93.184.215.14/hook";
const sent = { name: "Billing", slug: "billing", url };

const token = "token-0123456789-abcd";

test("a name, a slug and a URL are enough, and null is as good as nothing", async () => {
  const call = callerOf(await startGateway());
  const made = await call("POST", "/v1/destinations", { body: sent });
  expect([made.status, made.body]).toEqual([201, { destination: { ...plainDestination, ...sent } }]);
  expect(Object.keys(made.body.destination)).toEqual(Object.keys(plainDestination));
  const fixed = ["name", "slug", "url", "id", "org_id", "env_id", "created_at", "updated_at", "disabled_reason"];
  const optional = Object.keys(plainDestination).filter((field) => !fixed.includes(field));
  const nulls = Object.fromEntries(optional.map((field) => [field, null]));
  const empty = await call("POST", "/v1/destinations", { body: { ...nulls, ...sent, slug: "other" } });
  expect([empty.status, empty.body.destination]).toEqual([201, { ...plainDestination, ...sent, slug: "other" }]);
});

/** What the rest of a body makes of what answers show. */
const rows: readonly [sent: object, shown: object][] = [
  [{ method: "put" }, { method: "PUT" }],
  [
    { method: "PATCH", timeout_ms: 60_000 },
    { method: "PATCH", timeout_ms: 60_000 },
  ],
  [{ headers: { "X-Team": "billing" } }, { headers: '{"X-Team":"••••"}' }],
  [{ headers: '{"X-Team":"billing"}' }, { headers: '{"X-Team":"••••"}' }],
  [{ headers: {} }, { headers: null }],
  [{ auth_type: "none", auth_config: {} }, {}],
  [
    { auth_type: "bearer", auth_config: { token } },
    { auth_type: "bearer", auth_config: '{"token":"••••abcd"}' },
  ],
  [
    { auth_type: "bearer", auth_config: '{"token":"short"}' },
    { auth_type: "bearer", auth_config: '{"token":"••••"}' },
  ],
  [
    { auth_type: "basic", auth_config: { username: "me", password: "it" } },
    { auth_type: "basic", auth_config: '{"username":"me","password":"••••"}' },
  ],
  [
    { auth_type: "api_key", auth_config: { value: token } },
    { auth_type: "api_key", auth_config: '{"header":"X-API-Key","value":"••••abcd"}' },
  ],
  [
    { auth_type: "api_key", auth_config: { header: "X-Own", value: "v" } },
    { auth_type: "api_key", auth_config: '{"header":"X-Own","value":"••••"}' },
  ],
  [{ type: "http", provider_config: {} }, {}],
  [{ retry_enabled: false }, { retry_enabled: 0 }],
  [
    { retry_enabled: 1, retry_max_attempts: 10, retry_backoff_type: "linear", retry_intervals: [60] },
    { retry_max_attempts: 10, retry_backoff_type: "linear", retry_intervals: "[60]" },
  ],
  [
    { retry_backoff_type: "fixed", retry_intervals: "[1,604800]" },
    { retry_backoff_type: "fixed", retry_intervals: "[1,604800]" },
  ],
  [
    { circuit_breaker_enabled: false, circuit_breaker_threshold: 1, circuit_breaker_reset_ms: 1_000 },
    { circuit_breaker_enabled: 0, circuit_breaker_threshold: 1, circuit_breaker_reset_ms: 1_000 },
  ],
  [
    { signing_config: { secret: token } },
    {
      signing_config:
        '{"secret":"••••abcd","algorithm":"sha256","header":"X-hookstream-Signature","prefix":"",' +
        '"include_timestamp":false,"timestamp_header":"X-hookstream-Signature-Timestamp"}',
    },
  ],
  [
    {
      signing_config: {
        secret: "s",
        algorithm: "sha1",
        header: "X-Sig",
        prefix: "sha1=",
        include_timestamp: true,
        timestamp_header: "X-At",
      },
    },
    {
      signing_config:
        '{"secret":"••••","algorithm":"sha1","header":"X-Sig","prefix":"sha1=","include_timestamp":true,"timestamp_header":"X-At"}',
    },
  ],
  [{ rate_limit: 5 }, { rate_limit: 5, rate_limit_period: "second" }],
  [
    { rate_limit: 5, rate_limit_period: "hour", max_concurrency: 1, ordered: true },
    { rate_limit: 5, rate_limit_period: "hour", max_concurrency: 1, ordered: 1 },
  ],
  [{ status: "disabled" }, { status: "disabled", disabled_reason: "manual" }],
];

test("whatever is said of a destination is shown, what is secret masked, and can be sent back", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  for (const [at, [body, shown]] of rows.entries()) {
    const slug = `s-${at}`;
    const made = await call("POST", "/v1/destinations", { body: { ...sent, ...body, slug } });
    const expected = { ...plainDestination, ...sent, ...shown, slug };
    expect([body, made.status, made.body]).toEqual([body, 201, { destination: expected }]);
    const path = `/v1/destinations/${made.body.destination.id}`;
    gateway.clock.advance(1_000);
    const back = await call("PATCH", path, { body: made.body.destination });
    expect([body, back.status, back.body]).toEqual([body, 200, made.body]);
    expect((await call("GET", path)).body).toEqual(made.body);
  }
});

/** What is wrong with a body, and the sentence that says so. */
const invalid: readonly [sent: object, problem: string][] = [
  [{ name: undefined, slug: undefined, url: undefined }, "'name' is required; 'slug' is required; 'url' is required"],
  [{ name: "" }, "'name' must not be empty"],
  [{ name: 5 }, "'name' must be a string"],
  [{ slug: "A b" }, "'slug' must match pattern ^[a-z0-9-]+$"],
  [{ url: "" }, "'url' must not be empty"],
  [{ url: "nonsense" }, "'url' is not a valid URL"],
  [{ url: "ftp://example.com" }, "'url' must be an https URL"],
  [{ url: "https://10.0.0.1/" }, "'url' "],
  [{ url: "https://a:b@example.com/" }, "'url' must not contain credentials"],
  [{ type: "aws_sqs" }, "'type' must be one of http"],
  [{ type: "websocket" }, "'type' must be one of http"],
  [{ provider_config: { queue_url: "x" } }, "'provider_config' is invalid"],
  [{ method: "GET" }, "'method' must be one of POST, PUT, PATCH"],
  [{ headers: { Host: "x" } }, "'headers.Host' is not the name of a header that can be set"],
  [{ headers: { "a b": "x" } }, "'headers.a b' is not the name of a header that can be set"],
  [{ headers: { "X-A": "x\ny" } }, "'headers.X-A' cannot be the value of a header"],
  [{ headers: { "X-A": "1", "x-a": "2" } }, "'headers' must not name a header twice"],
  [{ headers: { "X-A": "••••" } }, "'headers.X-A' is a mask, not a secret"],
  [{ headers: { "X-A": 5 } }, "'headers.X-A' must be a string"],
  [{ headers: [] }, "'headers' must be an object"],
  [{ timeout_ms: 60_001 }, "'timeout_ms' must be at most 60000"],
  [{ timeout_ms: 0 }, "'timeout_ms' must be at least 100"],
  [{ auth_type: "oauth" }, "'auth_type' must be one of none, bearer, basic, api_key"],
  [{ auth_type: "bearer" }, "'auth_config' is required for auth_type bearer"],
  [{ auth_type: "bearer", auth_config: {} }, "'auth_config.token' is required"],
  [{ auth_type: "bearer", auth_config: { token: "••••abcd" } }, "'auth_config.token' is a mask, not a secret"],
  [{ auth_type: "bearer", auth_config: { token: "a\nb" } }, "'auth_config.token' cannot be sent in a header"],
  [
    { auth_type: "basic", auth_config: { username: "a:b", password: "x" } },
    "'auth_config.username' must match pattern",
  ],
  [{ auth_type: "basic", auth_config: { username: "a" } }, "'auth_config.password' is required"],
  [{ auth_type: "api_key", auth_config: { header: "Host", value: "x" } }, "'auth_config.header' is not the name"],
  [{ auth_config: { token: "x" } }, "'auth_type' is required with auth_config"],
  [{ auth_type: "none", auth_config: { token: "x" } }, "'auth_type' is required with auth_config"],
  [{ signing_config: {} }, "'signing_config.secret' is required"],
  [{ signing_config: { secret: "s", algorithm: "md5" } }, "'signing_config.algorithm' must be one of sha256, sha1"],
  [{ signing_config: { secret: "s", header: "a b" } }, "'signing_config.header' is not the name"],
  [{ signing_config: { secret: "••••" } }, "'signing_config.secret' is a mask, not a secret"],
  [{ signing_config: "x" }, "'signing_config' must be an object"],
  [{ retry_enabled: "yes" }, "'retry_enabled' must be true or false"],
  [{ retry_max_attempts: 0 }, "'retry_max_attempts' must be at least 1"],
  [{ retry_max_attempts: 11 }, "'retry_max_attempts' must be at most 10"],
  [{ retry_max_attempts: 1.5 }, "'retry_max_attempts' must be a whole number"],
  [{ retry_backoff_type: "schedule" }, "'retry_backoff_type' must be one of exponential, linear, fixed"],
  [{ retry_intervals: [] }, "'retry_intervals' must have at least 1 entries"],
  [{ retry_intervals: [0] }, "'retry_intervals[0]' must be at least 1"],
  [{ retry_intervals: [30, 604_801] }, "'retry_intervals[1]' must be at most 604800"],
  [{ retry_intervals: "30" }, "'retry_intervals' must be an array"],
  [{ circuit_breaker_threshold: 0 }, "'circuit_breaker_threshold' must be at least 1"],
  [{ circuit_breaker_reset_ms: 999 }, "'circuit_breaker_reset_ms' must be at least 1000"],
  [{ rate_limit: 0 }, "'rate_limit' must be at least 1"],
  [{ rate_limit_period: "day" }, "'rate_limit_period' must be one of second, minute, hour"],
  [{ max_concurrency: 257 }, "'max_concurrency' must be at most 256"],
  [{ ordered: 2 }, "'ordered' must be true or false"],
  [{ status: "paused" }, "'status' must be one of active, disabled"],
];

test("what cannot be taken is 400, in a sentence that names the field, made or changed", async () => {
  const call = callerOf(await startGateway());
  const { id } = (await call("POST", "/v1/destinations", { body: sent })).body.destination;
  for (const [body, problem] of invalid) {
    const isStart = (error: string): boolean => error.startsWith(`Invalid body: ${problem}`);
    const refused = await call("POST", "/v1/destinations", { body: { ...sent, slug: "x", ...body } });
    expect([body, refused.status, refused.body]).toEqual([body, ...refusalOf(400, refused.body.error)]);
    expect(String(refused.body.error)).toSatisfy(isStart);
    if (Object.values(body).every((value) => value === undefined)) continue;
    const unchanged = await call("PATCH", `/v1/destinations/${id}`, { body });
    expect([body, unchanged.status, unchanged.body]).toEqual([body, ...refusalOf(400, unchanged.body.error)]);
    expect(String(unchanged.body.error)).toSatisfy(isStart);
  }
  const { destinations } = (await call("GET", "/v1/destinations")).body;
  expect(destinations).toEqual([{ ...plainDestination, ...sent, id }]);
});

test("what is sent is changed, what is not stays, and null resets", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const full = {
    headers: { "X-A": "1", "X-B": "2" },
    auth_type: "bearer",
    auth_config: { token },
    signing_config: { secret: "the secret of signatures" },
    retry_backoff_type: "fixed",
    retry_intervals: [10],
    rate_limit: 3,
    timeout_ms: 500,
  };
  const made = (await call("POST", "/v1/destinations", { body: { ...sent, ...full } })).body.destination;
  const path = `/v1/destinations/${made.id}`;
  const outgoing = (): unknown => gateway.core.table.destination(readId(String(made.id))!)?.outgoing();
  expect(outgoing()).toMatchObject({ headers: { "X-A": "1" }, auth: { token }, signature: { algorithm: "sha256" } });

  const changes = { headers: { "X-A": "••••", "X-C": "3" }, auth_type: "bearer", retry_max_attempts: 2, name: "New" };
  const changed = await call("PATCH", path, { body: changes });
  const { updated_at: _at, ...rest } = made;
  expect(changed.body.destination).toEqual({
    ...rest,
    name: "New",
    headers: '{"X-A":"••••","X-C":"••••"}',
    retry_max_attempts: 2,
    updated_at: expect.any(String),
  });
  expect(outgoing()).toMatchObject({ headers: { "X-A": "1", "X-C": "3" }, auth: { token } });
  const renewed = await call("PATCH", path, { body: { auth_config: { token: "another-token-0123" } } });
  expect(renewed.body.destination.auth_config).toBe('{"token":"••••0123"}');

  const fields = ["headers", "auth_type", "signing_config", "rate_limit", "timeout_ms"];
  const retries = ["retry_max_attempts", "retry_backoff_type", "retry_intervals"];
  const nulls = Object.fromEntries([...fields, ...retries].map((field) => [field, null]));
  const reset = await call("PATCH", path, { body: { ...nulls, name: sent.name } });
  expect([reset.status, reset.body.destination]).toEqual([200, { ...plainDestination, ...sent }]);
});

test("of two changes at once, what the later does not speak of stays as the earlier made it", async () => {
  let meanwhile: () => Promise<unknown> = async () => undefined;
  const gateway = await startGateway({
    hookstreamParts: ({ checkUrl }) => ({
      checkUrl: async (text) => {
        await meanwhile();
        return checkUrl(text);
      },
    }),
  });
  const call = callerOf(gateway);
  const config = { headers: { "X-A": "1" }, auth_type: "bearer", auth_config: { token } };
  const signed = { signing_config: { secret: "the secret of signatures" } };
  const made = (await call("POST", "/v1/destinations", { body: { ...sent, ...config, ...signed } })).body.destination;
  const path = `/v1/destinations/${made.id}`;
  const newer = {
    headers: { "X-A": "2" },
    auth_config: { token: "another-token-0123" },
    signing_config: { secret: "another secret of signatures" },
    retry_backoff_type: "linear",
  };
  meanwhile = () => call("PATCH", path, { body: newer });
  const { headers, auth_config, signing_config } = made;
  const shown = { url, headers, auth_config, signing_config, retry_max_attempts: 2 };
  const changed = await call("PATCH", path, { body: shown });
  expect([changed.status, changed.body.destination]).toMatchObject([
    200,
    { retry_max_attempts: 2, retry_backoff_type: "linear" },
  ]);
  expect(gateway.core.table.destination(readId(String(made.id))!)?.outgoing()).toMatchObject({
    headers: { "X-A": "2" },
    auth: newer.auth_config,
    signature: newer.signing_config,
  });
});

test("a slug is taken once in an environment, and again once it is free", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const { id } = (await call("POST", "/v1/destinations", { body: sent })).body.destination;
  const other = (await call("POST", "/v1/destinations", { body: { ...sent, slug: "other" } })).body.destination;
  const taken = refusalOf(409, "A destination with slug 'billing' already exists");
  const again = await call("POST", "/v1/destinations", { body: sent });
  expect([again.status, again.body]).toEqual(taken);
  const changed = await call("PATCH", `/v1/destinations/${other.id}`, { body: { slug: "billing" } });
  expect([changed.status, changed.body]).toEqual(taken);
  const elsewhere = await gateway.newKey({ env: "staging" });
  expect((await call("POST", "/v1/destinations", { body: sent, key: elsewhere })).status).toBe(201);
  expect((await call("DELETE", `/v1/destinations/${id}`)).body).toEqual({ success: true });
  expect((await call("POST", "/v1/destinations", { body: sent })).status).toBe(201);
});

test("pages go on by cursor, newest first, and others see nothing of them", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const ids: string[] = [];
  for (let at = 0; at < 5; at += 1) {
    const made = await call("POST", "/v1/destinations", { body: { ...sent, slug: `s-${at}` } });
    ids.unshift(made.body.destination.id);
  }
  const page = async (query: string): Promise<[string[], unknown, unknown]> => {
    const { destinations, cursor, has_more } = (await call("GET", `/v1/destinations${query}`)).body;
    const listed: readonly Made[] = destinations;
    return [listed.map(({ id }) => id), cursor, has_more];
  };
  expect(await page("")).toEqual([ids, null, false]);
  expect(await page("?limit=2")).toEqual([ids.slice(0, 2), ids[1], true]);
  expect(await page(`?limit=2&cursor=${ids[1]}`)).toEqual([ids.slice(2, 4), ids[3], true]);
  expect(await page(`?limit=2&cursor=dst_${ids[3]}`)).toEqual([ids.slice(4), null, false]);

  const key = await gateway.newKey({ env: "staging" });
  expect((await call("GET", "/v1/destinations", { key })).body.destinations).toEqual([]);
  const missing = refusalOf(404, "Destination not found");
  const nowhere = `/v1/destinations/${"0".repeat(32)}`;
  for (const [method, path, asKey] of [
    ["GET", `/v1/destinations/${ids[0]}`, key],
    ["PATCH", `/v1/destinations/${ids[0]}`, key],
    ["DELETE", `/v1/destinations/${ids[0]}`, key],
    ["GET", `/v1/destinations/${ids[0]}/circuit`, key],
    ["POST", `/v1/destinations/${ids[0]}/circuit/reset`, key],
    ["GET", nowhere, gateway.key],
    ["PATCH", nowhere, gateway.key],
    ["DELETE", nowhere, gateway.key],
    ["GET", "/v1/destinations/nonsense", gateway.key],
  ] as const) {
    const refused = await call(method, path, { key: asKey });
    expect([method, path, refused.status, refused.body]).toEqual([method, path, ...missing]);
  }
  expect(await page("")).toEqual([ids, null, false]);
});

test("a limit of the organization's is 403", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  await gateway.core.access.setTeamLimits("default", { maxDestinations: 1 });
  expect((await call("POST", "/v1/destinations", { body: sent })).status).toBe(201);
  const refused = await call("POST", "/v1/destinations", { body: { ...sent, slug: "more" } });
  expect([refused.status, refused.body]).toEqual(
    refusalOf(403, "Plan limit reached: the organization has as many destinations as it may have"),
  );
});
