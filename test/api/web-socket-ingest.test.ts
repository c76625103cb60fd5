import { once } from "node:events";
import { connect as connectTcp } from "node:net";

import fc from "fast-check";
import { describe, expect, onTestFinished, test, vi } from "vitest";

import { http } from "../../harness/http.ts";
import { type GatewayOptions, startGateway, type TestGateway } from "../support/gateway.ts";
import { callerOf } from "../support/hookstream.ts";
import { startReceiver } from "../support/receiver.ts";
import { connect, type Connected, refusalOf } from "../support/web-socket.ts";

const secret = "a-secret-that-is-long-enough";

type WebSocketSource = TestGateway & { readonly id: string; readonly path: string };

const start = async (body: object = {}, options: GatewayOptions = {}): Promise<WebSocketSource> => {
  const gateway = await startGateway(options);
  const created = await callerOf(gateway)("POST", "/v1/sources", {
    body: {
      name: "Feed",
      slug: "feed",
      type: "websocket",
      verification_type: "hmac_sha256",
      verification_secret: secret,
      ...body,
    },
  });
  expect(created.status).toBe(201);
  const { id } = created.body.source;
  return { ...gateway, id, path: `/v1/ws/ingest/${id}` };
};

const withSecret = (source: WebSocketSource): Promise<Connected> => connect(source, `${source.path}?token=${secret}`);

const storedOf = async ({ core }: TestGateway) => {
  type Tables = {
    events: Record<"id", Uint8Array> & Record<"method" | "content_type" | "signature_reason", string>;
    payloads: { event_id: Uint8Array; body: Uint8Array };
  };
  const rows = await core.store
    .list<Tables>()
    .selectFrom("events")
    .innerJoin("payloads", "payloads.event_id", "events.id")
    .select(["events.id", "events.method", "events.content_type", "events.signature_reason", "payloads.body"])
    .orderBy("events.id")
    .execute();
  return rows.map((row) => ({
    ...row,
    id: Buffer.from(row.id).toString("hex"),
    body: Buffer.from(row.body).toString(),
  }));
};

describe("each frame", () => {
  test("is an event of method WS, and answered with its id once it is stored", async () => {
    const source = await start();
    const { client, next } = await withSecret(source);
    const frames = ['{"type":"order.paid"}', "plain words", Buffer.from([1, 2, 3])];
    const types = ["application/json", "text/plain; charset=utf-8", "application/octet-stream"];
    for (const frame of frames) client.send(frame);
    const answers = [await next(), await next(), await next()];
    const stored = await storedOf(source);
    expect(answers).toEqual(stored.map(({ id }) => ({ event_id: id, source_id: source.id })));
    expect(stored).toMatchObject(
      frames.map((body, at) => ({
        body: body.toString(),
        content_type: types[at],
        method: "WS",
        signature_reason: "ok",
      })),
    );
  });

  test("is forwarded like any other event", async () => {
    const receiver = await startReceiver();
    onTestFinished(receiver.close);
    const gateway = await start();
    const krafter = await gateway.request("GET", "/webhooks/sources");
    const sourceId = krafter.body.data[0].id;
    await gateway.request("POST", `/webhooks/sources/${sourceId}/destinations`, { url: receiver.url });
    const { client, next } = await withSecret(gateway);
    client.send('{"type":"order.paid"}');
    await next();
    await vi.waitFor(() =>
      expect(receiver.requests.map(({ body }) => body.toString())).toEqual(['{"type":"order.paid"}']),
    );
  });

  test("is answered in the order in which it came, many at once", async () => {
    const source = await start();
    const { client, next } = await withSecret(source);
    // In few packets: more come at once than may wait.
    for (let at = 0; at < 500; at += 1) client.send(String(at));
    const answers = [];
    for (let at = 0; at < 500; at += 1) answers.push(await next());
    const stored = await storedOf(source);
    expect(stored.map(({ body }) => body)).toEqual(Array.from({ length: 500 }, (_, at) => String(at)));
    expect(answers.map(({ event_id: id }) => id)).toEqual(stored.map(({ id }) => id));
  });

  test("goes by the source's rules: its schema, repeats, its rate and its status", async () => {
    const source = await start({ json_schema: { type: "object" }, dedup_strategy: "payload_hash" });
    const { client, next } = await withSecret(source);
    const send = (text: string) => {
      client.send(text);
      return next();
    };
    expect(await send("[]")).toMatchObject({
      status: 422,
      validation_errors: [{ path: "", message: "must be object" }],
    });
    expect(await send("{}")).toEqual({ event_id: expect.any(String), source_id: source.id });
    expect(await send("{}")).toEqual({ event_id: expect.any(String), source_id: source.id, duplicate: true });
    await callerOf(source)("PATCH", `/v1/sources/${source.id}`, { body: { status: "disabled" } });
    expect(await send('{"a":1}')).toMatchObject({
      status: 403,
      error: "Source is disabled",
      request_id: expect.any(String),
    });
    await callerOf(source)("PATCH", `/v1/sources/${source.id}`, { body: { status: "active", request_limit: 3 } });
    expect(await send('{"a":2}')).toHaveProperty("event_id");
    expect(await send('{"a":3}')).toMatchObject({ status: 429, error: "Request limit reached" });
  });

  test("may have as many bytes as a body, and one that has more ends the connection", async () => {
    const source = await start({}, { environment: { BODY_LIMIT_BYTES: "1000" } });
    const { client, next, closed } = await withSecret(source);
    client.send("x".repeat(1000));
    expect(await next()).toHaveProperty("event_id");
    client.send("x".repeat(1001));
    expect(await closed).toMatchObject({ code: 1009 });
  });

  test("reaches the store whole that was sent in pieces", async () => {
    const source = await start();
    const { client, next } = await withSecret(source);
    for (const piece of ["one ", "two "]) client.send(piece, { fin: false });
    client.send("three", { fin: true });
    await next();
    expect((await storedOf(source)).map(({ body }) => body)).toEqual(["one two three"]);
  });
});

describe("a connection", () => {
  test("is let in by a key of the source's environment that may write, however it is shown", async () => {
    const source = await start();
    const { key } = source;
    const rows: [path: string, headers: Record<string, string>][] = [
      [`${source.path}?token=${key}`, {}],
      [source.path, { "x-api-key": key }],
      [source.path, { authorization: `Bearer ${key}` }],
      [source.path.replace(/[^/]+$/, "src_$&"), { authorization: `Bearer ${secret}` }],
    ];
    for (const [path, headers] of rows.slice(0, 3)) {
      const { client, next } = await connect(source, path, { headers });
      client.send("{}");
      expect(await next()).toHaveProperty("event_id");
      client.close();
    }
  });

  test("is refused to all others, and told why", async () => {
    const source = await start();
    const foreign = await source.newKey({ team: "other" });
    const sibling = await source.newKey({ env: "staging" });
    const reading = await source.newKey({ scopes: ["webhooks:read"] });
    for (const token of ["", "wrong", secret.slice(1), `${secret}x`, foreign, sibling, reading]) {
      const { status, body, headers } = await refusalOf(source, `${source.path}?token=${token}`);
      expect([token, status, body]).toEqual([
        token,
        401,
        { error: "Invalid token", status: 401, request_id: expect.stringMatching(/^req_[0-9a-f]{32}$/) },
      ]);
      expect(headers["content-security-policy"]).toBe("sandbox; default-src 'none'");
      expect(headers["x-content-type-options"]).toBe("nosniff");
    }
    for (const id of ["0".repeat(32), "nonsense", "", "../../sources"]) {
      const { status } = await refusalOf(source, `/v1/ws/ingest/${id}?token=${source.key}`);
      expect([id, status === 404 || status === 401]).toEqual([id, true]);
    }
  });

  test("is refused with 429 to who goes on guessing, and not to who has the token", async () => {
    const source = await start({}, { environment: { RATE_LIMIT_PER_MINUTE: "3" } });
    const statuses = [];
    for (let at = 0; at < 4; at += 1) statuses.push((await refusalOf(source, `${source.path}?token=${at}`)).status);
    expect(statuses).toEqual([401, 401, 401, 429]);
    const { client, next } = await withSecret(source);
    client.send("{}");
    expect(await next()).toHaveProperty("event_id");
  });

  test("that is refused is counted, and logged", async () => {
    const source = await start();
    await refusalOf(source, `${source.path}?token=wrong`);
    await refusalOf(source, source.path.replace(source.id, "0".repeat(32)));
    const metrics = (await http(`${source.url}/metrics`)).body.toString();
    expect(metrics).toContain('postern_ingest_refused_total{reason="no_access"} 1');
    expect(metrics).toContain('postern_ingest_refused_total{reason="unknown_slug"} 1');
    expect(source.log.lines.join("")).toContain("no_access");
    expect(source.log.lines.join("")).not.toContain("token=");
  });

  test("takes no cookie, wherever the page is from", async () => {
    const source = await start();
    const headers = { cookie: `better-auth.session_token=${source.key}`, origin: new URL(source.url).origin };
    expect(await refusalOf(source, source.path, { headers })).toMatchObject({ status: 401 });
    // A page of another site that knows the token may connect: it has shown what counts.
    await connect(source, `${source.path}?token=${secret}`, { origin: "https://elsewhere.example" });
  });

  test("is for sources of type websocket, which take requests as well", async () => {
    const source = await start({ type: "http" });
    expect(await refusalOf(source, `${source.path}?token=${secret}`)).toMatchObject({
      status: 400,
      body: { error: "Source is not of type 'websocket'" },
    });
    const other = await start({ verification_enabled: false });
    const answer = await http(`${other.url}/v1/ingest/${other.id}`, { method: "POST", body: "{}" });
    expect(answer.status).toBe(200);
  });

  test.for([
    [{ status: "disabled" }, 403, "Source is disabled"],
    [{ ip_denylist: ["127.0.0.1"] }, 403, "Forbidden"],
  ] as const)("to a source with %j is refused with %i", async ([body, status, error]) => {
    const source = await start(body);
    expect(await refusalOf(source, `${source.path}?token=${secret}`)).toMatchObject({ status, body: { error } });
  });

  test("ends with the next frame when its key is revoked, its secret changed or its source deleted", async () => {
    const source = await start();
    const call = callerOf(source);
    const key = await source.newKey();
    const byKey = await connect(source, `${source.path}?token=${key}`);
    const bySecret = await withSecret(source);
    const byOther = await connect(source, `${source.path}?token=${source.key}`);
    expect((await source.core.access.revokeKey(key, null)).kind).toBe("revoked");
    byKey.client.send("{}");
    expect(await byKey.closed).toEqual({ code: 1008, reason: "Unauthorized" });
    await call("PATCH", `/v1/sources/${source.id}`, { body: { verification_secret: "quite-another-one" } });
    bySecret.client.send("{}");
    expect(await bySecret.closed).toEqual({ code: 1008, reason: "Unauthorized" });
    await call("DELETE", `/v1/sources/${source.id}`);
    byOther.client.send("{}");
    expect(await byOther.closed).toEqual({ code: 1008, reason: "Unauthorized" });
    expect(await storedOf(source)).toEqual([]);
  });

  test("is one of a hundred of its source", async () => {
    const source = await start();
    const all = await Promise.all(Array.from({ length: 100 }, () => withSecret(source)));
    expect(await refusalOf(source, `${source.path}?token=${secret}`)).toMatchObject({ status: 429 });
    all[0]!.client.close();
    await all[0]!.closed;
    await vi.waitFor(() => withSecret(source));
  });

  test("whose client answers no ping is given up, one that answers stays", async () => {
    const source = await start();
    const deaf = await connect(source, `${source.path}?token=${secret}`, { autoPong: false });
    const well = await withSecret(source);
    const pings = { deaf: once(deaf.client, "ping"), well: once(well.client, "ping") };
    source.clock.advance(25_000);
    await Promise.all([pings.deaf, pings.well]);
    // Its pong is on its way: what comes behind it tells that it was heard.
    well.client.send("{}");
    await well.next();
    source.clock.advance(25_000);
    expect(await deaf.closed).toMatchObject({ code: 1006 });
    well.client.send("{}");
    expect(await well.next()).toHaveProperty("event_id");
  });

  test("is asked whether it is there by its client as well", async () => {
    const { client } = await withSecret(await start());
    client.ping("hello");
    const [data] = await once(client, "pong");
    expect(String(data)).toBe("hello");
  });

  test("whose client does not read what it is told is given up", async () => {
    const source = await start({ json_schema: { type: "object" } });
    const { client, closed } = await withSecret(source);
    client.pause();
    // Answers are longer than what they answer.
    const fill = setInterval(() => {
      for (let at = 0; at < 500 && client.bufferedAmount < 1_000_000; at += 1) client.send("1");
    }, 1);
    onTestFinished(() => clearInterval(fill));
    expect(await closed).toMatchObject({ code: 1006 });
  });

  test("ends when the gateway does, after what was sent is answered", async () => {
    const source = await start();
    const { client, next, closed } = await withSecret(source);
    for (let at = 0; at < 50; at += 1) client.send(String(at));
    await next();
    const stopped = source.stop();
    expect(await closed).toEqual({ code: 1001, reason: "Going away" });
    await stopped;
  });

  test("of a client that stays after it was told to go is cut off", async () => {
    const source = await start();
    const socket = await rawUpgrade(source);
    const closed = once(socket.resume(), "close");
    await source.stop();
    expect(await closed).toEqual([false]);
  });
});

/** Becomes a WebSocket by hand, and says nothing more. */
const rawUpgrade = async ({ url, path }: WebSocketSource, more = "", version = "13") => {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.on("error", () => undefined);
  socket.write(
    `${more}GET ${path}?token=${secret} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
      `sec-websocket-version: ${version}\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
  );
  await once(socket, "readable");
  return socket;
};

const readAll = async (socket: Awaited<ReturnType<typeof rawUpgrade>>): Promise<string> =>
  Buffer.concat(await socket.toArray()).toString();

describe("a handshake", () => {
  test("is one of HTTP 1.1, and of this version", async () => {
    const source = await start();
    expect(String((await rawUpgrade(source)).read())).toMatch(/^HTTP\/1\.1 101 /);
    const wrong = await readAll(await rawUpgrade(source, "", "12"));
    expect(wrong).toMatch(/^HTTP\/1\.1 400 /);
    expect(wrong).toContain('"error":"Invalid WebSocket handshake"');
    expect(wrong).not.toContain("text/html");
  });

  test("that brings a body, or comes behind a request that is not answered, is cut off", async () => {
    const source = await start();
    const { hostname, port } = new URL(source.url);
    const socket = connectTcp(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.write(
      `GET ${source.path}?token=${secret} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
        `content-length: 5\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nhello`,
    );
    expect(await readAll(socket)).toBe("");
    const first = `POST /v1/ingest/${source.id} HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}`;
    expect(await readAll(await rawUpgrade(source, first).catch(() => socket))).not.toContain("101");
  });

  test("for anything else is no handshake: the request is answered as it is", async () => {
    const { url, path } = await start();
    const headers = { connection: "upgrade", upgrade: "h2c" };
    expect((await http(`${url}/healthz`, { headers })).status).toBe(200);
    expect((await http(`${url}/v1/sources`, { headers })).status).toBe(401);
    expect((await http(url + path, { method: "POST", headers: { ...headers, upgrade: "websocket" } })).status).toBe(
      401,
    );
    expect((await http(url + path)).status).toBe(401);
  });
});

test("what is no WebSocket behind the handshake ends that connection, and nothing else", async () => {
  const source = await start();
  const other = await withSecret(source);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 2, maxLength: 200 }), async (bytes) => {
      const socket = await rawUpgrade(source);
      const closed = once(socket.resume(), "close");
      // What has no mask is refused; the rest may be anything.
      socket.write(Uint8Array.from([bytes[0]!, bytes[1]! & 0x7f, ...bytes.slice(2)]));
      await closed;
    }),
    { numRuns: 30 },
  );
  other.client.send("{}");
  expect(await other.next()).toHaveProperty("event_id");
});

test("Node's own client can send frames, too", async () => {
  const source = await start();
  const client = new WebSocket(`${source.url.replace("http:", "ws:")}${source.path}?token=${secret}`);
  onTestFinished(() => client.close());
  const answered = new Promise<string>((resolve) => {
    client.addEventListener("message", ({ data }) => resolve(String(data)));
  });
  client.addEventListener("open", () => client.send('{"from":"node"}'));
  expect(JSON.parse(await answered)).toMatchObject({ source_id: source.id });
});
