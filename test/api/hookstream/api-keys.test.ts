import { describe, expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { callerOf, refusalOf } from "../../support/hookstream.ts";
import { signIn } from "../../support/people.ts";

const path = "/v1/auth/api-keys";
const hex = expect.stringMatching(/^[0-9a-f]{32}$/);
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);

test("a key is made, shown once, listed, and revoked", async () => {
  const gateway = await startGateway();
  const { call } = await signIn(gateway);
  const made = await call("POST", path, { body: { name: "Production key" } });
  expect([made.status, made.body]).toEqual([
    201,
    {
      id: hex,
      name: "Production key",
      key: expect.stringMatching(/^hs_live_[0-9a-f]{64}$/),
      key_prefix: expect.stringMatching(/^hs_live_[0-9a-f]{4}$/),
      scopes: "*",
      created_at: instant,
    },
  ]);
  const { key, id } = made.body as { key: string; id: string };
  const byKey = callerOf({ ...gateway, key });
  expect((await byKey("GET", "/v1/sources/templates")).status).toBe(200);
  const listed = await call("GET", path);
  expect(listed.text).not.toContain(key);
  expect(listed.body.api_keys[0]).toEqual({
    id,
    org_id: hex,
    env_id: hex,
    name: "Production key",
    prefix: key.slice(0, 12),
    key_prefix: key.slice(0, 12),
    scopes: "*",
    revoked: 0,
    last_used_at: instant,
    expires_at: null,
    created_at: made.body.created_at,
    revoked_at: null,
  });
  const revoked = await call("DELETE", `${path}/${id}`);
  expect([revoked.status, revoked.body]).toEqual([200, { success: true }]);
  expect((await byKey("GET", "/v1/sources/templates")).status).toBe(401);
  expect((await call("GET", path)).body.api_keys[0]).toMatchObject({ id, revoked: 1, revoked_at: instant });
});

test.for([
  ["*", "*"],
  ["webhooks:read", "webhooks:read"],
  ["webhooks:write, webhooks:read", "webhooks:read,webhooks:write"],
  ["webhooks:write push:read", "webhooks:write,push:read"],
  [["push:read", "webhooks:read"], "webhooks:read,push:read"],
  [null, "*"],
])("scopes %j are %s", async ([scopes, shown]) => {
  const gateway = await startGateway();
  const made = await callerOf(gateway)("POST", path, { body: { name: "one", scopes, mode: "test" } });
  expect([made.status, made.body.scopes]).toEqual([201, shown]);
  expect(made.body.key).toMatch(/^hs_test_[0-9a-f]{64}$/);
});

test("a key belongs to the environment in which it is made, and is seen and revoked from there only", async () => {
  const gateway = await startGateway();
  const { call } = await signIn(gateway);
  const staging = await call("POST", "/v1/environments", { body: { name: "Staging", slug: "staging" } });
  const env_id = staging.body.environment.id;
  const made = await call("POST", path, { body: { name: "staging key", env_id } });
  const names = async (query: string) => {
    const { api_keys: keys } = (await call("GET", `${path}${query}`)).body as { api_keys: { name: string }[] };
    return keys.map(({ name }) => name);
  };
  expect(await names(`?env_id=${env_id}`)).toEqual(["staging key"]);
  expect(await names("")).not.toContain("staging key");
  expect((await call("DELETE", `${path}/${made.body.id}`)).status).toBe(404);
  const byKey = callerOf({ ...gateway, key: made.body.key });
  expect((await byKey("GET", path)).body.api_keys).toHaveLength(1);
  expect((await byKey("DELETE", `${path}/${made.body.id}?env_id=${env_id}`)).status).toBe(200);
});

describe("nobody grants more than they hold:", () => {
  test.for([
    ["webhooks:write", "webhooks:read"],
    ["webhooks:write", "webhooks:write"],
    ["push:write", "*"],
  ] as const)("a key with %s makes none with %s", async ([held, wanted]) => {
    const gateway = await startGateway();
    const key = await gateway.newKey({ scopes: [held] });
    const refused = await callerOf(gateway)("POST", path, { key, body: { name: "wider", scopes: wanted } });
    expect([refused.status, refused.body]).toEqual(refusalOf(403, "Insufficient scope"));
  });

  test("a key that ends makes none that lasts longer", async () => {
    const gateway = await startGateway();
    const call = callerOf(gateway);
    const soon = new Date(gateway.clock.nowMs() + 60_000).toISOString();
    const made = await call("POST", path, { body: { name: "short", expires_at: soon } });
    const { key } = made.body;
    const refused = await call("POST", path, { key, body: { name: "for ever" } });
    expect([refused.status, refused.body]).toEqual(
      refusalOf(403, "Forbidden: a key that expires cannot make one that lives longer"),
    );
    expect((await call("POST", path, { key, body: { name: "as long", expires_at: soon } })).status).toBe(201);
  });
});

test.for([
  ["'name' is required", {}],
  ["'name' must be 1 to 100 characters, without control characters and spaces around it", { name: "" }],
  ["'scopes' must be a string or an array of strings", { name: "one", scopes: 7 }],
  [
    "'scopes': a key needs at least one scope; valid scopes: webhooks:read, webhooks:write, push:read, push:write, *",
    { name: "one", scopes: "" },
  ],
  ["'mode' must be one of live, test", { name: "one", mode: "prod" }],
  ["'expires_at' must be an ISO 8601 time with an offset or Z", { name: "one", expires_at: "tomorrow" }],
  ["'expires_at' must lie in the future", { name: "one", expires_at: "2020-01-01T00:00:00Z" }],
] as const)("%s is 400", async ([problem, body]) => {
  const gateway = await startGateway();
  const refused = await callerOf(gateway)("POST", path, { body });
  expect([refused.status, refused.body]).toEqual(refusalOf(400, `Invalid body: ${problem}`));
});
