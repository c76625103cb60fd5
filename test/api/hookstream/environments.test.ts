import { expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { callerOf, refusalOf } from "../../support/hookstream.ts";

const path = "/v1/environments";
const hex = expect.stringMatching(/^[0-9a-f]{32}$/);
const staging = { name: "Staging", slug: "staging" };

test("an environment is made, listed, renamed and deleted", async () => {
  const call = callerOf(await startGateway());
  const made = await call("POST", path, { body: staging });
  const { environment } = made.body;
  expect([made.status, environment]).toEqual([
    201,
    { id: hex, org_id: hex, ...staging, is_default: 0, created_at: expect.stringMatching(/^\d{4}-/) },
  ]);
  const listed = await call("GET", path);
  expect(listed.body.environments).toMatchObject([{ slug: "production", is_default: 1 }, environment]);
  const renamed = await call("PATCH", `${path}/${environment.id}`, { body: { name: "QA" } });
  expect([renamed.status, renamed.body]).toEqual([200, { environment: { ...environment, name: "QA" } }]);
  const moved = await call("PATCH", `${path}/env_${environment.id}`, { body: { slug: "qa" } });
  expect(moved.body.environment).toMatchObject({ name: "QA", slug: "qa" });
  const deleted = await call("DELETE", `${path}/${environment.id}`);
  expect([deleted.status, deleted.body]).toEqual([200, { success: true }]);
  expect((await call("GET", path)).body.environments).toHaveLength(1);
  expect((await call("DELETE", `${path}/${environment.id}`)).status).toBe(404);
});

test.for([
  [400, "Invalid body: 'slug' is required", { name: "One" }],
  [
    400,
    "Invalid body: 'slug' must match pattern ^[a-z0-9-]+$ and have at most 60 characters",
    { name: "One", slug: "One" },
  ],
  [409, "Another environment has this name", { name: "Staging", slug: "other" }],
  [409, "Another environment has this slug", { name: "Other", slug: "staging" }],
] as const)("%i: %s", async ([status, error, body]) => {
  const call = callerOf(await startGateway());
  await call("POST", path, { body: staging });
  const refused = await call("POST", path, { body });
  expect([refused.status, refused.body]).toEqual(refusalOf(status, error));
});

test("the default one stays, one with sources stays until they are deleted, and another organization's is not there", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const [production] = (await call("GET", path)).body.environments;
  const kept = await call("DELETE", `${path}/${production.id}`);
  expect([kept.status, kept.body]).toEqual(refusalOf(409, "The default environment cannot be deleted"));

  const { environment } = (await call("POST", path, { body: staging })).body;
  const key = await gateway.newKey({ env: "Staging" });
  const source = await gateway.request("POST", "/webhooks/sources", { name: "s", slug: "s", provider: "generic" }, key);
  expect(source.status).toBe(201);
  const used = await call("DELETE", `${path}/${environment.id}`);
  expect([used.status, used.body]).toEqual(
    refusalOf(409, "The environment has sources or destinations: delete them first"),
  );

  const foreign = await gateway.newKey({ team: "other" });
  for (const [method, body] of [
    ["PATCH", { name: "Mine" }],
    ["DELETE", undefined],
  ] as const) {
    const refused = await call(method, `${path}/${environment.id}`, { key: foreign, body });
    expect([refused.status, refused.body]).toEqual(refusalOf(404, "Environment not found"));
  }
  expect(
    (await gateway.request("DELETE", `/webhooks/sources/${source.body.data.id}`, undefined, key)).status,
  ).toBeLessThan(300);
  expect((await call("DELETE", `${path}/${environment.id}`)).status).toBe(200);
  expect((await gateway.request("GET", "/webhooks/sources", undefined, key)).status).toBe(401);
});

test("environments take *", async () => {
  const gateway = await startGateway();
  const key = await gateway.newKey({ scopes: ["webhooks:write"] });
  const refused = await callerOf(gateway)("GET", path, { key });
  expect([refused.status, refused.body]).toEqual(refusalOf(403, "Insufficient scope"));
});
