import { describe, expect, test } from "vitest";

import { http } from "../../../harness/http.ts";
import { isoSeconds } from "../../../src/lib/clock.ts";
import { type GatewayOptions, startGateway, type TestGateway } from "../../support/gateway.ts";
import { type Call, callerOf, refusalOf } from "../../support/hookstream.ts";
import { keepHouse } from "../../support/housekeeping.ts";
import { freshDirectory } from "../../support/store.ts";

const dayMs = 24 * 60 * 60 * 1_000;

type Opened = TestGateway & {
  readonly call: Call;
  /** The session's id, its path in the API, and the path that takes requests. */
  readonly id: string;
  readonly path: string;
  readonly ingest: string;
  readonly withToken: { key: null; headers: { "x-session-token": string } };
  send(method?: string, body?: string, query?: string): ReturnType<typeof http>;
};

const start = (options: GatewayOptions = {}): Promise<TestGateway> =>
  startGateway({ ...options, environment: { ANONYMOUS_SESSIONS: "on", ...options.environment } });

const openSession = async (gateway: TestGateway): Promise<Opened> => {
  const call = callerOf(gateway);
  const opened = await call("POST", "/v1/test/sessions", { key: null });
  expect(opened.status).toBe(201);
  const { session_id: id, url, token } = opened.body;
  const ingest = String(url).replace("https://hooks.example.com", "");
  return {
    ...gateway,
    call,
    id,
    path: `/v1/test/sessions/${id}`,
    ingest,
    withToken: { key: null, headers: { "x-session-token": token } },
    send: (method = "POST", body = '{"a":1}', query = "") =>
      http(gateway.url + ingest + query, {
        method,
        headers: { "content-type": "application/json", "x-tag": "one" },
        ...(method === "GET" ? {} : { body }),
      }),
  };
};

/** The bodies of what an answer shows, in its order. */
const bodiesOf = ({ body }: { readonly body: unknown }): string[] =>
  (body as { events: { payload_inline: string }[] }).events.map((event) => event.payload_inline);

describe("a stranger", () => {
  test("makes a session, and is told its URL, its end and its token once", async () => {
    const gateway = await start();
    const endAsOfNow = (): string => isoSeconds(gateway.clock.nowMs() + 14 * dayMs);
    const earliest = endAsOfNow();
    const { status, body } = await callerOf(gateway)("POST", "/v1/test/sessions", { key: null });
    const latest = endAsOfNow();
    expect([status, body]).toEqual([
      201,
      {
        session_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        url: `https://hooks.example.com/v1/ingest/${body.session_id}`,
        expires_at: expect.toSatisfy((end: string) => earliest <= end && end <= latest),
        request_limit: 2000,
        request_count: 0,
        response: null,
        token: expect.stringMatching(/^hs_session_[\w-]{43}$/),
      },
    ]);
  });

  test("makes none where it is not allowed, and learns nothing of it", async () => {
    const call = callerOf(await startGateway());
    expect((await call("POST", "/v1/test/sessions", { key: null })).status).toBe(401);
    expect((await call("POST", "/v1/test/sessions")).status).toBe(404);
  });

  test("makes ten an hour from one address, and others make their own", async () => {
    const gateway = await start({ environment: { TRUSTED_PROXIES: "127.0.0.1" } });
    const call = callerOf(gateway);
    const open = (address: string) =>
      call("POST", "/v1/test/sessions", { key: null, headers: { "x-forwarded-for": address } });
    // All that one network has is one.
    const statuses = [];
    for (let at = 0; at < 11; at += 1) statuses.push((await open(`2001:db8:1:1::${at}`)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 201), 429]);
    const refused = await open("2001:db8:1:1::ffff");
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(60);
    expect((await open("2001:db8:1:2::1")).status).toBe(201);
    expect((await open("203.0.113.7")).status).toBe(201);
    gateway.clock.advance(60 * 60 * 1_000);
    expect((await open("2001:db8:1:1::1")).status).toBe(201);
  });

  test("sees no sessions or sources of others by any key", async () => {
    const { call, id } = await openSession(await start());
    expect((await call("GET", "/v1/sources")).body.sources).toEqual([]);
    expect((await call("GET", `/v1/sources/${id}`)).status).toBe(404);
    expect((await call("DELETE", `/v1/sources/${id}`)).status).toBe(404);
  });
});

describe("a session", () => {
  test("takes requests of any method, and shows them newest first", async () => {
    const { call, id, path, withToken, send } = await openSession(await start());
    const first = await send("POST", '{"n":1}', "?q=1&q=2&r=%20");
    expect([first.status, JSON.parse(first.body.toString())]).toEqual([
      200,
      { event_id: expect.stringMatching(/^[0-9a-f]{32}$/), source_id: id },
    ]);
    for (const method of ["GET", "PUT", "PATCH", "DELETE"]) expect((await send(method)).status).toBe(200);
    const { status, body } = await call("GET", path, withToken);
    expect(status).toBe(200);
    expect(body).toMatchObject({ session_id: id, request_count: 5, has_more: false, cursor: null });
    expect(body.token).toBeUndefined();
    const events = body.events as Record<string, unknown>[];
    expect(events.map(({ method }) => method)).toEqual(["DELETE", "PATCH", "PUT", "GET", "POST"]);
    expect(events.at(-1)).toMatchObject({
      source_id: id,
      content_type: "application/json",
      source_ip: "127.0.0.1",
      payload_size: 7,
      query_params: { q: ["1", "2"], r: " " },
      headers: { "x-tag": "one", "content-type": "application/json" },
      payload: { n: 1 },
      payload_inline: '{"n":1}',
      payload_encoding: "text",
      verification_status: "skipped",
      delivery_attempts: [],
    });
  });

  test("is read in pages, and whole as a file", async () => {
    const { call, path, withToken, send, id } = await openSession(await start());
    for (let at = 0; at < 5; at += 1) await send("POST", String(at));
    const bodies: string[] = [];
    for (let cursor = ""; ;) {
      const { body } = await call("GET", `${path}?limit=2${cursor}`, withToken);
      bodies.push(...bodiesOf({ body }));
      if (body.cursor === null) break;
      cursor = `&cursor=${body.cursor}`;
    }
    expect(bodies).toEqual(["4", "3", "2", "1", "0"]);
    expect((await call("GET", `${path}?limit=5`, withToken)).body.has_more).toBe(false);
    expect((await call("GET", `${path}?limit=4`, withToken)).body.has_more).toBe(true);
    const file = await call("GET", `${path}/export`, withToken);
    expect(file.headers["content-disposition"]).toBe(`attachment; filename="session-${id}.json"`);
    expect(file.headers["x-content-type-options"]).toBe("nosniff");
    expect(file.body).toMatchObject({ session: { session_id: id, request_count: 5 }, cursor: null });
    expect(bodiesOf(file)).toEqual(bodies);
  });

  test("is exported in several files when its bodies are too much for one", async () => {
    const { call, path, withToken, ...gateway } = await openSession(await start());
    const body = "x".repeat(60_000);
    for (let at = 0; at < 110; at += 1) expect((await gateway.send("POST", body)).status).toBe(200);
    const { body: page } = await call("GET", `${path}?limit=100`, withToken);
    expect([bodiesOf({ body: page }).length, page.has_more]).toEqual([20, true]);
    const first = await call("GET", `${path}/export`, withToken);
    const second = await call("GET", `${path}/export?cursor=${first.body.cursor}`, withToken);
    expect([first.body.events.length, second.body.events.length, second.body.cursor]).toEqual([80, 30, null]);
  });

  test("shows bytes that are no text as base64, and names that objects have as names", async () => {
    const { call, path, withToken, url, ingest } = await openSession(await start());
    const body = Buffer.from([0xff, 0x00, 0x80]);
    await http(`${url}${ingest}?__proto__=x&constructor=y`, { method: "POST", body });
    const { text } = await call("GET", path, withToken);
    expect(text).toContain('"query_params":{"__proto__":"x","constructor":"y"}');
    expect(text).toContain(`"payload_inline":"${body.toString("base64")}"`);
  });

  test("is read, changed, deleted and claimed with its token only: its URL is known to others", async () => {
    const { call, id, path, key } = await openSession(await start());
    const wrong = `hs_session_${"A".repeat(43)}`;
    const rows: [method: string, path: string, body?: object][] = [
      ["GET", path],
      ["GET", `${path}/export`],
      ["PATCH", `${path}/response`, { status: 201 }],
      ["DELETE", path],
      ["POST", `${path}/claim`],
    ];
    const error = "Invalid session token: 'x-session-token' must be the token that the session was made with";
    for (const [method, where, body] of rows) {
      for (const headers of [{}, { "x-session-token": wrong }, { "x-session-token": id }]) {
        const ownKey = where.endsWith("claim") ? key : null;
        const refused = await call(method, where, { key: ownKey, headers, body });
        expect([method, where, refused.status, refused.body]).toEqual([method, where, ...refusalOf(401, error)]);
      }
      const nowhere = await call(method, where.replace(id, "0".repeat(32)), {
        key: where.endsWith("claim") ? key : null,
        body,
      });
      expect([nowhere.status, nowhere.body]).toEqual(refusalOf(404, "Session not found"));
    }
  });

  test("goes when it is deleted, with what it received", async () => {
    const { call, path, withToken, send, gateway, core, id } = await openSession(await start());
    await send();
    expect(await call("DELETE", path, withToken)).toMatchObject({ status: 200, body: { success: true } });
    expect((await call("GET", path, withToken)).status).toBe(404);
    expect((await send()).status).toBe(404);
    await keepHouse({ gateway });
    const { events } = await core.store
      .list<{ events: { source_id: Uint8Array } }>()
      .selectFrom("events")
      .select(({ fn }) => fn.countAll<number>().as("events"))
      .executeTakeFirstOrThrow();
    expect([events, core.table.source(id)]).toEqual([0, undefined]);
  });

  test("expires after two weeks: 410, and a day later nobody knows it", async () => {
    const { call, path, withToken, send, clock, gateway, key } = await openSession(await start());
    clock.advance(14 * dayMs - 1_000);
    expect((await send()).status).toBe(200);
    clock.advance(1_000);
    expect((await send()).status).toBe(410);
    const refused = await call("GET", path, withToken);
    expect([refused.status, refused.body]).toEqual(refusalOf(410, "Session expired"));
    expect((await call("POST", `${path}/claim`, { ...withToken, key })).status).toBe(410);
    await keepHouse({ gateway });
    expect((await send()).status).toBe(410);
    clock.advance(dayMs + 60 * 60 * 1_000);
    await keepHouse({ gateway });
    expect([(await send()).status, (await call("GET", path, withToken)).status]).toEqual([404, 404]);
  });

  test("takes bodies of 64 KiB, and 120 requests in a minute", async () => {
    const { send, clock } = await openSession(await start());
    expect((await send("POST", "x".repeat(65_537))).status).toBe(413);
    const statuses = new Set<number>();
    for (let at = 0; at < 120; at += 1) statuses.add((await send()).status);
    expect([...statuses]).toEqual([200]);
    expect((await send()).status).toBe(429);
    clock.advance(60_000);
    expect((await send()).status).toBe(200);
  });
});

describe("what a session answers with", () => {
  test("is what its maker says, and the event's id again when it is reset", async () => {
    const { call, path, withToken, send } = await openSession(await start());
    const respond = (body: object) => call("PATCH", `${path}/response`, { ...withToken, body });
    const changed = await respond({ status: 202, content_type: "application/xml", body: "<ok/>" });
    expect(changed.body.response).toEqual({ status: 202, content_type: "application/xml", body: "<ok/>" });
    const answer = await send();
    expect([answer.status, answer.headers["content-type"], answer.body.toString()]).toEqual([
      202,
      "application/xml; charset=utf-8",
      "<ok/>",
    ]);
    expect((await respond({ status: 500 })).body.response).toMatchObject({ status: 500, body: "<ok/>" });
    expect((await respond({ body: null })).body.response).toMatchObject({ status: 500, body: "" });
    expect((await respond({ status: null, content_type: null, body: null })).body.response).toBeNull();
    expect(JSON.parse((await send()).body.toString())).toHaveProperty("event_id");
    expect((await call("GET", path, withToken)).body.request_count).toBe(2);
  });

  test.for(["text/plain", "application/json", "application/xml"])(
    "as %s runs nothing where a browser opens it",
    async (type) => {
      const { call, path, withToken, send } = await openSession(await start());
      const body = '<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(document.cookie)</script></html>';
      await call("PATCH", `${path}/response`, { ...withToken, body: { content_type: type, body } });
      const answer = await send("GET");
      expect(answer.body.toString()).toBe(body);
      expect(answer.headers["content-type"]).toBe(`${type}; charset=utf-8`);
      expect(answer.headers["content-security-policy"]).toBe("sandbox; default-src 'none'");
      expect(answer.headers["x-content-type-options"]).toBe("nosniff");
      expect(answer.headers["set-cookie"]).toBeUndefined();
    },
  );

  test.for([204, 205, 304])("is without content where %i says so", async (status) => {
    const { call, path, withToken, send } = await openSession(await start());
    await call("PATCH", `${path}/response`, { ...withToken, body: { status, body: "not to be seen" } });
    const answers = [await send(), await send()];
    expect(answers.map(({ status: got, body }) => [got, body.toString()])).toEqual([
      [status, ""],
      [status, ""],
    ]);
  });

  test.for([
    [{ status: 199 }, "'status' must be at least 200"],
    [{ status: 600 }, "'status' must be at most 599"],
    [{ content_type: "text/html" }, "'content_type' must be one of text/plain, application/json, application/xml"],
    [{ body: "x".repeat(16_385) }, "'body' must have at most 16384 characters"],
    [{ body: 1 }, "'body' must be a string"],
  ] as const)("cannot be %j", async ([body, problem]) => {
    const { call, path, withToken } = await openSession(await start());
    const refused = await call("PATCH", `${path}/response`, { ...withToken, body });
    expect([refused.status, refused.body]).toEqual(refusalOf(400, `Invalid body: ${problem}`));
  });
});

describe("a session that is claimed", () => {
  test("is a source with its URL and all that it received, and is nobody else's any more", async () => {
    const { call, id, path, withToken, send, clock, key, core } = await openSession(await start());
    await call("PATCH", `${path}/response`, { ...withToken, body: { body: "mine" } });
    await send("POST", "before");
    const claimed = await call("POST", `${path}/claim`, { ...withToken, key });
    const [place] = (await core.access.listKeys(null)).keys;
    expect(claimed.status).toBe(200);
    expect(claimed.body.source).toMatchObject({
      id,
      org_id: place!.teamId.replaceAll("-", ""),
      env_id: place!.envId.replaceAll("-", ""),
      is_ephemeral: 0,
      expires_at: null,
      request_limit: null,
      event_count: 1,
      ingest_url: `https://hooks.example.com/v1/ingest/${id}`,
    });
    expect((await call("GET", path, withToken)).status).toBe(404);
    expect((await call("POST", `${path}/claim`, { ...withToken, key })).status).toBe(404);
    expect((await call("GET", "/v1/sources")).body.sources).toHaveLength(1);
    clock.advance(20 * dayMs);
    const answer = await send("POST", "after");
    expect([answer.status, JSON.parse(answer.body.toString()).source_id]).toEqual([200, id]);
    const owned = await core.store
      .list<{ events: { team_id: Uint8Array; env_id: Uint8Array } }>()
      .selectFrom("events")
      .select(["team_id", "env_id"])
      .execute();
    expect(owned.map((row) => Buffer.from(row.team_id).toString("hex"))).toEqual(
      Array.from({ length: 2 }, () => place!.teamId.replaceAll("-", "")),
    );
  });

  test("takes a key that may write, and goes where the key is", async () => {
    const { call, path, withToken, newKey } = await openSession(await start());
    expect((await call("POST", `${path}/claim`, withToken)).status).toBe(401);
    const reading = await newKey({ scopes: ["webhooks:read"] });
    expect((await call("POST", `${path}/claim`, { ...withToken, key: reading })).status).toBe(403);
    const foreign = await call("POST", `${path}/claim`, {
      ...withToken,
      key: await newKey(),
      body: { env_id: "0".repeat(32) },
    });
    expect(foreign.status).toBe(403);
    const other = await newKey({ team: "other", env: "staging" });
    const claimed = await call("POST", `${path}/claim`, { ...withToken, key: other });
    expect(claimed.status).toBe(200);
    expect((await call("GET", "/v1/sources", { key: other })).body.sources).toHaveLength(1);
    expect((await call("GET", "/v1/sources")).body.sources).toEqual([]);
  });
});

test("a session survives a restart, and is open to whoever has its token", async () => {
  const environment = { DATA_DIR: freshDirectory() };
  const { path, withToken, send, stop } = await openSession(await start({ environment }));
  await send();
  await stop();
  const again = await start({ environment });
  expect((await callerOf(again)("GET", path, withToken)).body.request_count).toBe(1);
});
