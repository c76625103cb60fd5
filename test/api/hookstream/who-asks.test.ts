import { describe, expect, test } from "vitest";

import { http } from "../../../harness/http.ts";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import { callerOf, refusalOf } from "../../support/hookstream.ts";
import { fromOwnPage, ownOrigin, signIn } from "../../support/people.ts";

const path = "/v1/auth/api-keys";
const nobodysKey = `hs_live_${"0".repeat(64)}`;

/** A gateway, and somebody who has signed in there. */
const start = async () => {
  const gateway = await startGateway();
  return { gateway, call: callerOf(gateway), ada: await signIn(gateway) };
};

/** Makes a key with nothing but these headers. */
const mint = async (gateway: TestGateway, headers: Record<string, string>) =>
  (await callerOf(gateway)("POST", path, { key: null, headers, body: { name: "made" } })).status;

describe("who asks is told", () => {
  test("by X-API-Key, by a bearer, or by the cookie, and what is wrong leaves the next one", async () => {
    const { gateway, call, ada } = await start();
    const made = await call("POST", path, { body: { name: "own" } });
    const own = made.body.key as string;
    const rows: [Record<string, string>, number][] = [
      [{ "x-api-key": own }, 200],
      [{ authorization: `Bearer ${own}` }, 200],
      [{ cookie: ada.cookie }, 200],
      [{ "x-api-key": nobodysKey, authorization: `Bearer ${own}` }, 200],
      [{ "x-api-key": nobodysKey, cookie: ada.cookie }, 200],
      [{ authorization: `Bearer ${nobodysKey}`, cookie: ada.cookie }, 200],
      [{ authorization: "Basic eDp5", cookie: ada.cookie }, 200],
      [{ "x-api-key": "", cookie: `${ada.cookie}x` }, 401],
      [{ "x-api-key": nobodysKey, cookie: "better-auth.session_token=x" }, 401],
      [{}, 401],
    ];
    for (const [headers, status] of rows) {
      const answer = await call("GET", path, { key: null, headers });
      expect([Object.keys(headers), answer.status]).toEqual([Object.keys(headers), status]);
    }
    expect((await gateway.request("GET", "/webhooks/sources", undefined, own)).status).toBe(200);
  });

  test("of several, the first that counts: a key's place is not the session's", async () => {
    const { gateway, call, ada } = await start();
    const key = await gateway.newKey({ scopes: ["webhooks:read"], team: "other" });
    const refused = await call("GET", path, { key, headers: { cookie: ada.cookie } });
    expect([refused.status, refused.body]).toEqual(refusalOf(403, "Insufficient scope"));
  });
});

describe("a cookie counts with what may change something", () => {
  const evil = "https://evil.example.com";

  const origins: readonly [from: string, headers: Record<string, string>, status: number][] = [
    ["a page of the gateway's own", fromOwnPage, 201],
    ["its origin alone, as of an older browser", { origin: ownOrigin }, 201],
    ["its site alone", { "sec-fetch-site": "same-origin" }, 201],
    ["no browser", {}, 401],
    ["another site", { origin: evil, "sec-fetch-site": "cross-site" }, 401],
    ["another site, as of an older browser", { origin: evil }, 401],
    ["a sibling host", { origin: "https://blog.example.com", "sec-fetch-site": "same-site" }, 401],
    ["the same host unencrypted", { origin: "http://hooks.example.com" }, 401],
    ["another port", { origin: `${ownOrigin}:8443` }, 401],
    ["a longer name", { origin: `${ownOrigin}.evil.example.com` }, 401],
    ["a sandbox", { origin: "null" }, 401],
    ["a sandbox that names its site", { origin: "null", "sec-fetch-site": "cross-site" }, 401],
    ["somebody who typed it", { "sec-fetch-site": "none" }, 401],
    ["a site that says otherwise", { origin: ownOrigin, "sec-fetch-site": "cross-site" }, 401],
    ["an origin that says otherwise", { origin: evil, "sec-fetch-site": "same-origin" }, 401],
  ];

  test("from a page of the gateway's own, and from nowhere else", async () => {
    const { gateway, ada } = await start();
    for (const [from, headers, status] of origins) {
      expect([from, await mint(gateway, { cookie: ada.cookie, ...headers })]).toEqual([from, status]);
    }
  });

  test("from a page at another of the gateway's names, when the browser vouches for it", async () => {
    const { gateway, ada } = await start();
    const { host } = new URL(gateway.url);
    const here = { cookie: ada.cookie, origin: `http://${host}` };
    expect(await mint(gateway, { ...here, "sec-fetch-site": "same-origin" })).toBe(201);
    expect(await mint(gateway, here)).toBe(401);
  });

  test("and a key counts from anywhere", async () => {
    const { gateway } = await start();
    expect(await mint(gateway, { "x-api-key": gateway.key, origin: evil, "sec-fetch-site": "cross-site" })).toBe(201);
  });

  test("also when a connection is upgraded", async () => {
    const { gateway, ada } = await start();
    const ask = async (headers: Record<string, string>) => {
      const upgrade = { connection: "upgrade", upgrade: "websocket", cookie: ada.cookie };
      return (await http(`${gateway.url}${path}`, { method: "GET", headers: { ...upgrade, ...headers } })).status;
    };
    expect(await ask({ origin: evil, "sec-fetch-site": "cross-site" })).toBe(401);
    expect(await ask({ origin: evil })).toBe(401);
    expect(await ask({})).toBe(401);
    expect(await ask(fromOwnPage)).toBe(200);
  });

  test("and nothing but application/json is read with it", async () => {
    const { call, ada } = await start();
    const headers = { ...fromOwnPage, cookie: ada.cookie, "content-type": "text/plain" };
    const refused = await call("POST", path, { key: null, headers, body: '{"name":"made"}' });
    expect([refused.status, refused.body]).toEqual(
      refusalOf(400, "Invalid body: the content type must be application/json"),
    );
  });
});
