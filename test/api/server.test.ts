import { once } from "node:events";
import { connect } from "node:net";

import { describe, expect, onTestFinished, test, vi } from "vitest";

import { http } from "../../harness/http.ts";
import { createServer, type ServerParts } from "../../src/api/server.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createIds } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

const requestId = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Writes bytes to the server and gives all that comes back until it closes. */
const speak = async ({ url }: Pick<TestGateway, "url">, bytes: string): Promise<string> => {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let heard = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    heard += text;
  });
  socket.write(bytes);
  await once(socket, "close");
  return heard;
};

/** A server of nothing but what a test mounts. */
const startServer = async (parts: Partial<ServerParts>) => {
  const server = createServer({
    ids: createIds(systemClock, createSystemRandom()),
    clock: systemClock,
    observer: { apiRequest() {}, faulted() {} },
    ingest: (_request, response) => void response.end(),
    mounts: [],
    ...parts,
  });
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(() => server.close(0));
  return { server, url: `http://127.0.0.1:${port}` };
};

describe("every answer has a request id of its own", () => {
  test("whatever was asked, and whatever id the asker brings", async () => {
    const gateway = await startGateway();
    const { url, key } = gateway;
    const authorization = `Bearer ${key}`;
    const answers = [
      await http(`${url}/api/v1/webhooks/sources`, { headers: { authorization, "x-request-id": "mine" } }),
      await http(`${url}/api/v1/webhooks/sources`),
      await http(`${url}/api/v1/webhooks/sources`, { method: "PUT", headers: { authorization } }),
      await http(`${url}/api/v1/webhooks/sources`, { method: "OPTIONS" }),
      await http(`${url}/in/wh_nobody00`, { method: "POST" }),
      await http(`${url}/nonsense`),
      await http(`${url}/%zz`),
      await http(`${url}/healthz`),
    ];
    const ids = answers.map(({ headers }) => headers["x-request-id"]);
    for (const id of ids) expect(id).toMatch(requestId);
    expect(new Set(ids).size).toBe(answers.length);
  });
});

describe("methods", () => {
  const all = ["GET", "POST", "PUT", "PATCH", "DELETE"];
  const anId = "019dc7f1-0000-7000-8000-000000000000";

  test.for([
    ["/api/v1/webhooks/sources", "GET, POST, HEAD, OPTIONS"],
    [`/api/v1/webhooks/sources/${anId}`, "GET, PATCH, DELETE, HEAD, OPTIONS"],
    [`/api/v1/webhooks/sources/${anId}/destinations/${anId}/test`, "POST, OPTIONS"],
    [`/api/v1/webhooks/sources/${anId}/events`, "GET, HEAD, OPTIONS"],
  ] as const)("%s has %s, and says so", async ([path, allow]) => {
    const { request } = await startGateway();
    for (const method of all.filter((name) => !allow.split(", ").includes(name))) {
      const refused = await request(method, path, "{not json");
      expect([method, refused.status, refused.body]).toEqual([method, 405, { error: "Method not allowed" }]);
      expect(refused.headers.allow).toBe(allow);
    }
    const asked = await request("OPTIONS", path, undefined, null);
    expect(asked).toMatchObject({ status: 204, text: "" });
    expect(asked.headers.allow).toBe(allow);
    expect(asked.headers).not.toHaveProperty("access-control-allow-origin");
    if (!allow.includes("HEAD")) expect((await request("HEAD", path)).status).toBe(405);
  });

  test("HEAD answers as GET does, without the body", async () => {
    const { request } = await startGateway();
    const got = await request("GET", "/webhooks/sources");
    const head = await request("HEAD", "/webhooks/sources");
    expect(head).toMatchObject({ status: 200, text: "" });
    expect(head.headers["content-length"]).toBe(got.headers["content-length"]);
    expect((await request("HEAD", "/webhooks/sources", undefined, null)).status).toBe(401);
  });
});

describe("bodies", () => {
  test("are read as JSON whatever they are said to be, and may be missing", async () => {
    const { url, key } = await startGateway();
    const authorization = `Bearer ${key}`;
    for (const type of ["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded", "a/b"]) {
      const made = await http(`${url}/api/v1/webhooks/sources`, {
        method: "POST",
        headers: { authorization, "content-type": type },
        body: '{"name":"x"}',
      });
      expect([type, made.status]).toEqual([type, 201]);
    }
    const untyped = await http(`${url}/api/v1/webhooks/sources`, {
      method: "POST",
      headers: { authorization },
      body: '\ufeff{"name":"x"}',
    });
    expect(untyped.status).toBe(201);
  });

  test("above 1 MiB are refused with 413, announced or not", async () => {
    const { url, key, request } = await startGateway();
    const refused = await request("POST", "/webhooks/sources", `{"name":"${"x".repeat(1024 * 1024)}"}`);
    expect([refused.status, refused.body]).toEqual([413, { error: "Request body too large" }]);
    const chunked = await http(`${url}/api/v1/webhooks/sources`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "transfer-encoding": "chunked" },
      body: "x".repeat(1024 * 1024 + 1),
    });
    expect(chunked.status).toBe(413);
    const right = await request("POST", "/webhooks/sources", `{"name":"x","unknown":"${"x".repeat(1024 * 1000)}"}`);
    expect(right.status).toBe(201);
  });

  test.for([
    ["POST /api/v1/webhooks/sources", 401],
    ["PUT /api/v1/webhooks/sources", 401],
    ["OPTIONS /api/v1/webhooks/sources", 204],
    ["POST /api/v1/nowhere", 401],
    ["POST /nowhere", 404],
    ["POST /healthz", 404],
    ["DELETE /docs", 404],
    ["OPTIONS /metrics", 404],
  ] as const)("of strangers are not read: %s", async ([line, status]) => {
    const head = "host: x\r\nconnection: close\r\ncontent-type: a/b\r\ncontent-length: 1000000\r\n\r\n";
    const heard = await speak(await startGateway(), `${line} HTTP/1.1\r\n${head}{`);
    expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test("that break off are no fault of ours", async () => {
    const [begun, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const faults: unknown[] = [];
    const { url } = await startServer({
      observer: { apiRequest() {}, faulted: (fault) => void faults.push(fault) },
      mounts: [
        (app) => {
          app.addHook("preParsing", async (_request, _reply, body) => {
            body.once("close", over.resolve);
            begun.resolve();
            return body;
          });
          app.post("/read", async () => "read");
        },
      ],
    });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write("POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{");
    await begun.promise;
    socket.destroy();
    await over.promise;
    expect(faults).toEqual([]);
  });
});

describe("what is no request", () => {
  test.for([
    ["nonsense\r\n\r\n", 400, "Bad Request"],
    ["GET / HTTP/1.1\r\n\r\n", 400, "Bad Request"],
    ["GET / HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n", 400, "Bad Request"],
    [`GET / HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(17_000)}\r\n\r\n`, 431, "Request Header Fields Too Large"],
    [
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
      "Bad Request",
    ],
  ] as const)("%j is answered %i, and the connection closed", async ([bytes, status, error]) => {
    const heard = await speak(await startGateway(), bytes);
    expect(heard).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(heard).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/);
    expect(heard.split("\r\n\r\n")[1]).toBe(JSON.stringify({ error }));
  });
});

describe("a client that takes its time", () => {
  const timeouts = { headersMs: 50, requestMs: 100, checkMs: 10 };

  test.for([
    ["the head", "GET / HTTP/1.1\r\nhost: x\r\nx-slow: "],
    ["the body", "POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{"],
  ] as const)("over %s is told so, and let go", async ([, bytes]) => {
    const mounts: ServerParts["mounts"] = [(app) => app.post("/read", async () => "read")];
    const heard = await speak(await startServer({ timeouts, mounts }), bytes);
    expect(heard).toMatch(/^HTTP\/1\.1 408 /);
    expect(heard.split("\r\n\r\n")[1]).toBe('{"error":"Request Timeout"}');
  });
});

test("a client that is told that it speaks no HTTP, and does not hang up, is hung up on", async () => {
  const { url } = await startServer({ timeouts: { headersMs: 50, requestMs: 100, checkMs: 10 } });
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let isReset = false;
  socket.on("error", () => {
    isReset = true;
  });
  socket.write("GET / HTTP/1.1\r\nhost: x\r\n\r\nnonsense\r\n\r\n");
  socket.resume();
  await once(socket, "end");
  await vi.waitFor(() => {
    socket.write("still here\r\n");
    expect(isReset).toBe(true);
  });
});

const getX = "GET /x HTTP/1.1\r\nhost: x\r\n\r\n";

describe("an answer", () => {
  test("that nobody reads is not kept", async () => {
    const closed = Promise.withResolvers<void>();
    const mounts: ServerParts["mounts"] = [
      (app) =>
        app.get("/x", async ({ raw }) => {
          raw.socket.once("close", () => closed.resolve());
          return Buffer.alloc(64 * 1024 * 1024);
        }),
    ];
    const { url } = await startServer({ timeouts: { unreadMs: 100 }, mounts });
    const socket = connect(Number(new URL(url).port), "127.0.0.1").pause();
    onTestFinished(() => void socket.destroy());
    socket.write(getX);
    await expect(closed.promise).resolves.toBeUndefined();
  });

  test("that takes its time is waited for, and one that is read slowly is read to its end", async () => {
    const bytes = 24 * 1024 * 1024;
    // The client is in this process: what holds it up for so long looks as if it did not read.
    const timeouts = { unreadMs: 1_000 };
    const mounts: ServerParts["mounts"] = [
      (app) =>
        app.get("/x", async () => {
          await new Promise((resolve) => {
            setTimeout(resolve, 3 * timeouts.unreadMs);
          });
          return Buffer.alloc(bytes);
        }),
    ];
    const { url } = await startServer({ timeouts, mounts });
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    let heard = 0;
    socket.on("data", (chunk) => {
      heard += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
    socket.write(getX.replace("\r\n\r\n", "\r\nconnection: close\r\n\r\n"));
    await once(socket, "end");
    expect(heard).toBeGreaterThan(bytes);
  });
});

describe("closing", () => {
  test("cuts off what does not end in time", async () => {
    const reached = Promise.withResolvers<void>();
    const { server, url } = await startServer({
      mounts: [
        (app) => {
          app.get("/never", async () => {
            reached.resolve();
            await new Promise(() => {});
          });
        },
      ],
    });
    const hanging = http(`${url}/never`);
    await reached.promise;
    const [cut] = await Promise.allSettled([hanging, server.close(30)]);
    expect(cut).toMatchObject({ status: "rejected", reason: { code: "ECONNRESET" } });
  });

  test("lets a request under way end, closes what is idle, and takes nothing new", async () => {
    const checking = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { url, key, request, stop } = await startGateway({
      parts: {
        checkUrl: async () => {
          checking.resolve();
          await release.promise;
          return { ok: true };
        },
      },
    });
    const source = (await request("POST", "/webhooks/sources", { name: "x" })).body.data;
    const idle = connect(Number(new URL(url).port), "127.0.0.1");
    idle.write("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(idle, "data");
    const idleClosed = once(idle, "close");
    const underWay = http(`${url}/api/v1/webhooks/sources/${source.id}/destinations`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: '{"url":"https://example.com/"}',
    });
    await checking.promise;
    const stopped = stop();
    await idleClosed;
    await expect(http(`${url}/healthz`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    release.resolve();
    expect((await underWay).status).toBe(201);
    await stopped;
  });
});

describe("what is told of requests", () => {
  test("is their route and status, never their path", async () => {
    const { request, url } = await startGateway();
    await request("GET", "/webhooks/sources/019dc7f1-0000-7000-8000-000000000000");
    await request("GET", "/nonsense/019dc7f1-0000-7000-8000-000000000000");
    await vi.waitFor(async () => {
      const metrics = (await http(`${url}/metrics`)).body.toString();
      expect(metrics).toContain(
        'postern_api_requests_total{method="GET",route="/api/v1/webhooks/sources/:id",status="404"} 1',
      );
      expect(metrics).toContain('postern_api_requests_total{method="GET",route="unmatched",status="404"} 1');
      expect(metrics).not.toContain("019dc7f1");
    });
  });
});
