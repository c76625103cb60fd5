import { expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { callerOf, emptySource, refusalOf } from "../../support/hookstream.ts";
import { makeSource } from "../../support/journey.ts";

/** Where Krafter has a source of this id. */
const krafterPathOf = (id: unknown): string =>
  `/webhooks/sources/${String(id).replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")}`;

const withoutDashes = (id: string): string => id.replaceAll("-", "");

test("a source of Krafter's is seen, listed, changed and deleted here", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const sent = { name: "Stripe", provider: "stripe", signing_secret: "whsec_0123456789abcdef" };
  const made = (await gateway.request("POST", "/webhooks/sources", sent)).body.data;
  const path = `/v1/sources/${made.id}`;
  const shown = (await call("GET", path)).body.source;
  expect(shown).toEqual({
    ...emptySource,
    id: withoutDashes(made.id),
    slug: made.id,
    name: "Stripe",
    template: "stripe",
    verification_enabled: 1,
    verification_type: "hmac_sha256",
    verification_secret: "••••",
    verification_header: "stripe-signature",
    verification_config: expect.stringContaining("{timestamp}.{body}"),
    ingest_url: `https://hooks.example.com/v1/ingest/${withoutDashes(made.id)}`,
  });
  expect((await call("GET", "/v1/sources")).body.sources).toEqual([shown]);

  const sentBack = await call("PATCH", path, { body: shown });
  expect([sentBack.status, sentBack.body.source]).toEqual([200, shown]);
  const krafterPath = `/webhooks/sources/${made.id}`;
  expect((await gateway.request("GET", krafterPath)).body.data).toEqual(made);

  const body = { name: "Renamed", status: "paused", verification_enabled: false };
  expect((await call("PATCH", path, { body })).body.source).toMatchObject({ ...body, verification_enabled: 0 });
  expect((await gateway.request("GET", krafterPath)).body.data).toEqual({
    ...made,
    name: "Renamed",
    enabled: false,
    require_signature: false,
    updated_at: expect.any(String),
  });
  const renewed = await call("PATCH", path, { body: { verification_secret: "another-secret-0123" } });
  expect(renewed.body.source.verification_secret).toBe("another-secret-0123");
  expect((await call("GET", path)).body.source.verification_secret).toBe("••••");

  expect((await call("DELETE", path)).body).toEqual({ success: true });
  expect((await gateway.request("GET", krafterPath)).status).toBe(404);
});

test("a source of this API's is seen, listed, changed and deleted through Krafter", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const sent = { name: "Own", slug: "own", verification_type: "hmac_sha256", verification_secret: "0123456789abcdef" };
  const made = (await call("POST", "/v1/sources", { body: { ...sent, verification_header: "X-Own" } })).body.source;
  const path = krafterPathOf(made.id);
  const shown = (await gateway.request("GET", path)).body.data;
  expect(shown).toMatchObject({
    name: "Own",
    slug: expect.stringMatching(/^wh_/),
    provider: "generic",
    enabled: true,
    require_signature: true,
    signing_secret_set: true,
  });
  expect((await gateway.request("GET", "/webhooks/sources")).body.data).toEqual([shown]);
  // What Krafter shows, sent back, changes nothing: it does not know all that this source has.
  expect((await gateway.request("PATCH", path, shown)).status).toBe(200);
  const masked = { ...made, verification_secret: "••••cdef" };
  expect((await call("GET", `/v1/sources/${made.id}`)).body.source).toEqual(masked);

  const off = { enabled: false, require_signature: false };
  expect((await gateway.request("PATCH", path, off)).body.data).toMatchObject(off);
  const status = { status: "paused", verification_enabled: 0 };
  expect((await call("GET", `/v1/sources/${made.id}`)).body.source).toMatchObject(status);
  await call("PATCH", `/v1/sources/${made.id}`, { body: { status: "disabled" } });
  expect((await gateway.request("GET", path)).body.data.enabled).toBe(false);
  await gateway.request("PATCH", path, { enabled: true });
  expect((await call("GET", `/v1/sources/${made.id}`)).body.source.status).toBe("active");

  expect((await gateway.request("DELETE", path)).status).toBe(204);
  const refused = await call("GET", `/v1/sources/${made.id}`);
  expect([refused.status, refused.body]).toEqual(refusalOf(404, "Source not found"));
});

test("of the two ways to say how a sender signs, the last one counts", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const sent = { name: "x", slug: "x", verification_type: "bearer", verification_secret: "s" };
  const { id } = (await call("POST", "/v1/sources", { body: sent })).body.source;
  const path = krafterPathOf(id);
  const shown = async (): Promise<object> => {
    const source: object = (await call("GET", `/v1/sources/${id}`)).body.source;
    return source;
  };
  await gateway.request("PATCH", path, { signing_header: "X-Sig", signing_algorithm: "sha1" });
  expect(await shown()).toMatchObject({ verification_type: "hmac_sha1", verification_header: "x-sig" });
  await call("PATCH", `/v1/sources/${id}`, { body: { verification_type: "jwt" } });
  expect(await shown()).toMatchObject({ verification_type: "jwt" });
  await gateway.request("PATCH", path, { provider: "github" });
  expect(await shown()).toMatchObject({
    template: "github",
    verification_type: "hmac_sha256",
    verification_header: "x-hub-signature-256",
  });
});

test("a limit of the organization's sources holds for both", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  await gateway.core.access.setTeamLimits("default", { maxSources: 2 });
  await gateway.request("POST", "/webhooks/sources", { name: "x" });
  expect((await call("POST", "/v1/sources", { body: { name: "x", slug: "x" } })).status).toBe(201);
  const here = await call("POST", "/v1/sources", { body: { name: "y", slug: "y" } });
  expect([here.status, here.body]).toEqual(
    refusalOf(403, "Plan limit reached: the organization has as many sources as it may have"),
  );
  const there = await gateway.request("POST", "/webhooks/sources", { name: "x" });
  expect([there.status, there.body.details]).toEqual([422, { base: ["can't have more than 2 sources"] }]);
});

test("a limit of the organization's destinations holds for both", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  await gateway.core.access.setTeamLimits("default", { maxDestinations: 2 });
  const url = "http://127.0.0.1:1/";
  const source = await makeSource(gateway, {});
  const path = `/webhooks/sources/${source.id}/destinations`;
  expect((await gateway.request("POST", path, { url })).status).toBe(201);
  expect((await call("POST", "/v1/destinations", { body: { name: "x", slug: "x", url } })).status).toBe(201);
  const here = await call("POST", "/v1/destinations", { body: { name: "y", slug: "y", url } });
  expect([here.status, here.body]).toEqual(
    refusalOf(403, "Plan limit reached: the organization has as many destinations as it may have"),
  );
  const there = await gateway.request("POST", path, { url });
  expect([there.status, there.body]).toEqual([
    422,
    { error: "Validation failed", details: { base: ["can't have more than 2 destinations"] } },
  ]);
  expect((await gateway.request("GET", path)).body.data).toHaveLength(1);
});
