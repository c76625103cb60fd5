import { describe, expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { callerOf, refusalOf } from "../../support/hookstream.ts";
import { cookieOf, fromOwnPage, signIn } from "../../support/people.ts";

const eve = { name: "Eve", email: "eve@example.com", password: "correct horse Eve" };
const hex = /^[0-9a-f]{32}$/;

test("an owner who was invited signs in, sees their session, and signs out", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const { email, password } = await signIn(gateway, "Ada", "Payments");
  const signed = await call("POST", "/v1/auth/sign-in/email", { key: null, body: { email, password } });
  expect([signed.status, signed.body]).toEqual([200, { success: true }]);
  expect(signed.headers["set-cookie"]).toEqual([
    expect.stringMatching(/^better-auth\.session_token=.+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
  ]);
  const headers = { cookie: cookieOf(signed.headers), ...fromOwnPage };
  const session = await call("GET", "/v1/auth/get-session", { key: null, headers });
  expect(session.status).toBe(200);
  expect(session.body).toMatchObject({
    user: { id: expect.stringMatching(hex), email, name: "Ada" },
    session: { org_id: expect.stringMatching(hex), env_id: expect.stringMatching(hex), role: "owner" },
    organizations: [{ name: "Payments", role: "owner" }],
    environments: [{ name: "production", slug: "production", is_default: 1 }],
  });
  const out = await call("POST", "/v1/auth/sign-out", { key: null, headers });
  expect([out.status, out.body]).toEqual([200, { success: true }]);
  expect(out.headers["set-cookie"]).toEqual(
    expect.arrayContaining([expect.stringMatching(/^better-auth\.session_token=; Max-Age=0; /)]),
  );
  expect((await call("GET", "/v1/auth/get-session", { key: null, headers })).status).toBe(401);
});

test("wrong credentials are 401, whichever of them is wrong", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const { email, password } = await signIn(gateway);
  for (const body of [
    { email, password: "wrong horse" },
    { email: "eve@example.com", password },
    { email: "", password: "" },
  ]) {
    const refused = await call("POST", "/v1/auth/sign-in/email", { key: null, body });
    expect([refused.status, refused.body]).toEqual(refusalOf(401, "Invalid email or password"));
    expect(refused.headers["set-cookie"]).toBeUndefined();
  }
});

test("sign-up is closed, until an option opens it", async () => {
  const closed = await startGateway();
  const refused = await callerOf(closed)("POST", "/v1/auth/sign-up/email", { key: null, body: eve });
  expect([refused.status, refused.body]).toEqual(refusalOf(403, "Sign-up is closed: ask for an invitation"));
  const open = await startGateway({ environment: { SIGN_UP: "open" } });
  const call = callerOf(open);
  const signed = await call("POST", "/v1/auth/sign-up/email", { key: null, body: eve });
  expect(signed.status).toBe(200);
  const headers = { cookie: cookieOf(signed.headers), ...fromOwnPage };
  expect((await call("GET", "/v1/auth/get-session", { key: null, headers })).body.organizations).toMatchObject([
    { name: "Eve", role: "owner" },
  ]);
  const again = await call("POST", "/v1/auth/sign-up/email", { key: null, body: eve });
  expect([again.status, again.body]).toEqual(refusalOf(409, "Somebody has this email"));
});

describe("an invitation", () => {
  const accept = "/v1/auth/invitations/accept";

  test("that was used, has expired, or is none, is told so", async () => {
    const gateway = await startGateway();
    const call = callerOf(gateway);
    const { token } = await gateway.core.accounts.inviteOwner(null);
    expect((await call("POST", accept, { key: null, body: { ...eve, token } })).status).toBe(200);
    const used = await call("POST", accept, { key: null, body: { ...eve, token } });
    expect([used.status, used.body]).toEqual(refusalOf(410, "The invitation was used"));
    const wrong = await call("POST", accept, { key: null, body: { ...eve, token: "x".repeat(43) } });
    expect([wrong.status, wrong.body]).toEqual(refusalOf(404, "Invitation not found"));
    const late = await gateway.core.accounts.inviteOwner(null);
    gateway.clock.advance(60 * 60 * 1000);
    const expired = await call("POST", accept, { key: null, body: { ...eve, token: late.token } });
    expect([expired.status, expired.body]).toEqual(refusalOf(410, "The invitation has expired"));
  });

  test("takes somebody's own password only", async () => {
    const gateway = await startGateway();
    const call = callerOf(gateway);
    const { email } = await signIn(gateway);
    const { token } = await gateway.core.accounts.inviteOwner("Other");
    const refused = await call("POST", accept, { key: null, body: { ...eve, email, token } });
    expect([refused.status, refused.body]).toEqual(refusalOf(401, "Somebody has this email and another password"));
  });

  test.for([
    ["'email' must be an e-mail address", { email: "eve" }],
    ["'password' must have 8 to 128 characters", { password: "short" }],
    ["'name' is required", { name: undefined }],
    ["'token' must be a string", { token: 7 }],
  ] as const)("is 400 where %s", async ([problem, change]) => {
    const gateway = await startGateway();
    const { token } = await gateway.core.accounts.inviteOwner(null);
    const refused = await callerOf(gateway)("POST", accept, { key: null, body: { ...eve, token, ...change } });
    expect([refused.status, refused.body]).toEqual(refusalOf(400, `Invalid body: ${problem}`));
  });
});

test.for(["/v1/auth/sign-in/email", "/v1/auth/sign-up/email", "/v1/auth/invitations/accept"])(
  "%s is not for pages of other sites, which could sign somebody in as somebody else",
  async (path) => {
    const gateway = await startGateway({ environment: { SIGN_UP: "open" } });
    const { email, password } = await signIn(gateway);
    const body = { name: "Ada", email, password, token: "x" };
    const headers = { origin: "https://evil.example.com", "sec-fetch-site": "cross-site" };
    const refused = await callerOf(gateway)("POST", path, { key: null, headers, body });
    expect([refused.status, refused.body]).toEqual(
      refusalOf(403, "Forbidden: this was asked by a page of another site"),
    );
  },
);

test("too many tries are 429, and say when to try again", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const body = { email: "eve@example.com", password: "" };
  const statuses: number[] = [];
  for (let tries = 0; tries < 11; tries += 1) {
    statuses.push((await call("POST", "/v1/auth/sign-in/email", { key: null, body })).status);
  }
  expect(statuses.slice(-2)).toEqual([401, 429]);
  const held = await call("POST", "/v1/auth/sign-in/email", { key: null, body });
  expect(Number(held.headers["retry-after"])).toBeGreaterThan(0);
});

test("a key has no session to read, to leave, or to take elsewhere", async () => {
  const gateway = await startGateway();
  const call = callerOf(gateway);
  const organization = { organization_id: "0".repeat(32) };
  for (const [method, path, body] of [
    ["GET", "/v1/auth/get-session", undefined],
    ["POST", "/v1/auth/sign-out", {}],
    ["POST", "/v1/auth/organization/set-active", organization],
  ] as const) {
    const refused = await call(method, path, { body });
    expect([refused.status, refused.body]).toEqual(
      refusalOf(403, "Forbidden: this takes a session, and a key has none"),
    );
  }
});

test("a session acts in one organization at a time, in whose environments it may, and nowhere else", async () => {
  const gateway = await startGateway();
  const ada = await signIn(gateway, "Ada", "First");
  const eveIn = await signIn(gateway, "Eve", "Foreign");
  const foreign = (await eveIn.call("GET", "/v1/auth/get-session")).body.session;
  const { token } = await gateway.core.accounts.inviteOwner("Second");
  await callerOf(gateway)("POST", "/v1/auth/invitations/accept", { key: null, body: { ...ada, name: "Ada", token } });
  const own = (await ada.call("GET", "/v1/auth/get-session")).body as { organizations: { id: string; name: string }[] };
  const second = own.organizations.find(({ name }) => name === "Second")!.id;

  const made = await ada.call("POST", "/v1/environments", { body: { name: "Staging", slug: "staging" } });
  const envId = made.body.environment.id;
  expect((await ada.call("GET", `/v1/auth/api-keys?env_id=${envId}`)).status).toBe(200);
  for (const [query, field, thing] of [
    [`env_id=${foreign.env_id}`, "env_id", "an environment"],
    [`org_id=${foreign.org_id}`, "org_id", "an organization"],
    [`org_id=${second}`, "org_id", "an organization"],
  ]) {
    const refused = await ada.call("GET", `/v1/auth/api-keys?${query}`);
    expect([refused.status, refused.body]).toEqual(refusalOf(403, `Forbidden: '${field}' is not ${thing} of yours`));
  }
  const choose = (id: string) =>
    ada.call("POST", "/v1/auth/organization/set-active", { body: { organization_id: id } });
  expect((await choose(foreign.org_id)).status).toBe(403);
  expect((await choose(second)).status).toBe(200);
  expect((await ada.call("GET", "/v1/auth/get-session")).body.session.org_id).toBe(second);
  expect((await ada.call("GET", `/v1/auth/api-keys?env_id=${envId}`)).status).toBe(403);
});

test("somebody without a role to do so makes no keys and no environments, but may do the rest", async () => {
  const gateway = await startGateway();
  const ada = await signIn(gateway);
  await gateway.core.store.write(async (tx) => {
    await tx.tables<{ team_members: { role: string } }>().updateTable("team_members").set({ role: "member" }).execute();
  });
  for (const [method, path, body] of [
    ["POST", "/v1/auth/api-keys", { name: "made" }],
    ["GET", "/v1/auth/api-keys", undefined],
    ["POST", "/v1/environments", { name: "Made", slug: "made" }],
  ] as const) {
    const refused = await ada.call(method, path, { body });
    expect([refused.status, refused.body]).toEqual(refusalOf(403, "Insufficient scope"));
  }
  expect((await ada.call("GET", "/v1/sources/templates")).status).toBe(200);
});

test("no password, token or cookie is in the store, the log, or an answer", async () => {
  const gateway = await startGateway({ environment: { SIGN_UP: "open", LOG_LEVEL: "debug" } });
  const { token } = await gateway.core.accounts.inviteOwner(null);
  const call = callerOf(gateway);
  const accepted = await call("POST", "/v1/auth/invitations/accept", { key: null, body: { ...eve, token } });
  const cookie = cookieOf(accepted.headers).split("=")[1]!;
  await call("POST", "/v1/auth/sign-in/email", { key: null, body: { ...eve, password: "wrong horse" } });
  const rows = await gateway.core.store.write(async (tx) => {
    const tables = tx.tables<Record<string, Record<string, unknown>>>();
    const names = ["users", "credentials", "sessions", "invitations"] as const;
    return Promise.all(names.map((name) => tables.selectFrom(name).selectAll().execute()));
  });
  const stored = JSON.stringify(rows, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("latin1") : value,
  );
  const shown = [stored, gateway.log.lines.join("\n"), accepted.text].join("\n");
  for (const secret of [eve.password, "wrong horse", token, cookie, decodeURIComponent(cookie)]) {
    expect(shown).not.toContain(secret);
  }
});
