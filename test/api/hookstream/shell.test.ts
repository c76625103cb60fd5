import { describe, expect, test } from "vitest";

import { startGateway } from "../../support/gateway.ts";
import { type CallOptions, callerOf, refusalOf } from "../../support/hookstream.ts";

const path = "/v1/sources/templates";
const nobodysKey = `kr_live_${"x".repeat(43)}`;

describe("who asks", () => {
  test.for([
    ["nothing", {}, "Missing API key or session"],
    ["a key that is none", { "x-api-key": "nonsense" }, "Invalid API key"],
    ["a key that nobody has", { "x-api-key": nobodysKey }, "Invalid API key"],
    ["another way to authenticate", { authorization: "Basic eDp5" }, "Invalid API key"],
    ["the same as a bearer", { authorization: `Bearer ${nobodysKey}` }, "Invalid API key"],
  ] as const)("%s is 401", async ([, headers, error]) => {
    const call = callerOf(await startGateway());
    const refused = await call("GET", path, { key: null, headers });
    expect([refused.status, refused.body]).toEqual(refusalOf(401, error));
    expect(refused.headers["www-authenticate"]).toBe("Bearer");
  });

  test("X-API-Key and Authorization both name a key, and a wrong one of the first leaves the second", async () => {
    const gateway = await startGateway();
    const call = callerOf(gateway);
    const bearer = { authorization: `Bearer ${gateway.key}` };
    const rows: CallOptions[] = [
      { key: null, headers: { "x-api-key": gateway.key } },
      { key: null, headers: bearer },
      { key: null, headers: { ...bearer, "x-api-key": nobodysKey } },
      { key: null, headers: { authorization: "Bearer nonsense", "x-api-key": gateway.key } },
    ];
    for (const options of rows) expect((await call("GET", path, options)).status).toBe(200);
  });

  test("a key without the scope is 403", async () => {
    const gateway = await startGateway();
    const call = callerOf(gateway);
    const key = await gateway.newKey({ scopes: ["push:write"] });
    const refused = await call("GET", path, { key });
    expect([refused.status, refused.body]).toEqual(refusalOf(403, "Insufficient scope"));
  });

  test.for([
    ["org_id", "an organization"],
    ["env_id", "an environment"],
  ])("another %s is 403, one's own is not", async ([field, thing]) => {
    const gateway = await startGateway();
    const call = callerOf(gateway);
    const [place] = (await gateway.core.access.listKeys(null)).keys;
    const own = field === "org_id" ? place!.teamId : place!.envId;
    for (const id of ["string", "0".repeat(32), "src_1"]) {
      const refused = await call("GET", `${path}?${field}=${id}`);
      expect([refused.status, refused.body]).toEqual(refusalOf(403, `Forbidden: '${field}' is not ${thing} of yours`));
    }
    for (const id of [own, own.replaceAll("-", ""), `org_${own.replaceAll("-", "")}`, ""]) {
      expect((await call("GET", `${path}?${field}=${id}`)).status).toBe(200);
    }
  });
});

describe("where paths lead", () => {
  test("nowhere is 404 for those who have a key, and 401 for all others", async () => {
    const call = callerOf(await startGateway());
    for (const nowhere of ["/v1", "/v1/", "/v1/nonsense", "/v1/sources/a/b/c"]) {
      const refused = await call("GET", nowhere);
      expect([nowhere, refused.status, refused.body]).toEqual([nowhere, ...refusalOf(404, "Not found")]);
      const stranger = await call("GET", nowhere, { key: null });
      expect([stranger.status, stranger.body]).toEqual(refusalOf(401, "Missing API key or session"));
    }
    const malformed = await call("GET", "/v1/%zz");
    expect([malformed.status, malformed.body]).toEqual(refusalOf(400, "Bad request"));
  });

  test("a method that a path does not have is 405, with those that it has", async () => {
    const call = callerOf(await startGateway());
    for (const method of ["POST", "PUT", "DELETE"]) {
      const refused = await call(method, path);
      expect([refused.status, refused.body]).toEqual(refusalOf(405, "Method not allowed"));
      expect(refused.headers["allow"]).toMatch(/^GET, (PATCH, DELETE, )?HEAD, OPTIONS$/);
    }
    expect((await call("POST", path, { key: null })).status).toBe(401);
  });

  test("HEAD is GET without its body, and OPTIONS tells the methods without a key", async () => {
    const call = callerOf(await startGateway());
    const head = await call("HEAD", path);
    expect([head.status, head.text]).toEqual([200, ""]);
    const options = await call("OPTIONS", path, { key: null });
    expect([options.status, options.text]).toEqual([204, ""]);
    expect(options.headers["allow"]).toMatch(/^GET, .*OPTIONS$/);
    expect(options.headers["access-control-allow-origin"]).toBeUndefined();
  });
});

describe("every answer", () => {
  test("has an id, which errors repeat", async () => {
    const call = callerOf(await startGateway());
    const rows = [await call("GET", path), await call("GET", "/v1/x"), await call("GET", path, { key: null })];
    for (const { headers } of rows) expect(headers["x-request-id"]).toMatch(/^req_[0-9a-f]{32}$/);
    for (const { headers, body } of rows.slice(1)) expect(body.request_id).toBe(headers["x-request-id"]);
  });

  test("tells how much of the rate is left; above it there is 429 with retry-after, of both APIs together", async () => {
    const gateway = await startGateway({ environment: { RATE_LIMIT_PER_MINUTE: "4" } });
    const call = callerOf(gateway);
    const narrow = await gateway.newKey({ scopes: ["push:read"] });
    await gateway.request("GET", "/webhooks/sources");
    const answers = [await call("GET", path), await call("GET", path, { key: narrow }), await call("PUT", path)];
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 405]);
    expect(answers.map(({ headers }) => headers["ratelimit-remaining"])).toEqual(["2", "1", "0"]);
    for (const { headers } of answers) {
      expect(headers["ratelimit-limit"]).toBe("4");
      expect(Number(headers["ratelimit-reset"])).toBeGreaterThan(0);
      expect(Number(headers["ratelimit-reset"])).toBeLessThanOrEqual(60);
      expect(headers["x-ratelimit-limit"]).toBeUndefined();
    }
    const refused = await call("GET", "/v1/nonsense");
    expect([refused.status, refused.body]).toEqual(refusalOf(429, "Rate limit exceeded"));
    expect(refused.headers["retry-after"]).toBe(refused.headers["ratelimit-reset"]);
  });

  test("to a stranger counts by address, and not against those who have a key", async () => {
    const gateway = await startGateway({ environment: { RATE_LIMIT_PER_MINUTE: "2" } });
    const call = callerOf(gateway);
    const answers = [1, 2, 3].map(() => () => call("GET", path, { key: null }));
    const statuses = [];
    for (const ask of answers) statuses.push((await ask()).status);
    expect(statuses).toEqual([401, 401, 429]);
    const { status, headers } = await call("GET", path);
    expect([status, headers["ratelimit-remaining"]]).toEqual([200, "1"]);
  });

  test("has it, also where something went wrong, and to those who only ask for methods", async () => {
    const call = callerOf(await startGateway({ environment: { RATE_LIMIT_PER_MINUTE: "1000" } }));
    const answers = [
      await call("OPTIONS", path, { key: null }),
      await call("GET", path, { key: null }),
      await call("HEAD", path),
      await call("POST", "/v1/sources", { body: "{not json" }),
      await call("POST", "/v1/sources", { body: {} }),
      await call("POST", "/v1/sources", { body: { pad: "x".repeat(1024 * 1024) } }),
      await call("GET", "/v1/sources/malformed"),
    ];
    expect(answers.map(({ status }) => status)).toEqual([204, 401, 200, 400, 400, 413, 404]);
    for (const { headers } of answers) expect(headers["ratelimit-limit"]).toBe("1000");
  });

  test("says nothing of rates where there is none", async () => {
    const call = callerOf(await startGateway());
    const { headers } = await call("GET", path);
    expect(Object.keys(headers).filter((name) => name.includes("ratelimit"))).toEqual([]);
  });
});
