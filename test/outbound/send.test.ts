import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { getEventListeners } from "node:events";

import { describe, expect, test } from "vitest";

import { outcome, post, startOutbound, within } from "../support/outbound.ts";
import { saying, startReceiver } from "../support/receiver.ts";

describe("a request", () => {
  test("arrives with its method, path, headers and body as they were given", async () => {
    await using receiver = await startReceiver({ status: 201 });
    await using outbound = startOutbound();
    const body = Buffer.from([0, 1, 2, 255, 254, 0x0d, 0x0a]);
    const headers = [
      ["X-Case", "Kept"],
      ["x-twice", "one"],
      ["content-type", "application/json"],
      ["x-twice", "two"],
      ["x-bytes", "\u00e9\u00ff"],
    ] as const;
    const result = await post(outbound, `${receiver.url}/a%20b/../c//d?q=1&q=2#gone`, { method: "PUT", headers, body });
    expect(outcome(result)).toBe(201);
    const request = await receiver.next();
    expect([request.method, request.path]).toEqual(["PUT", "/c//d?q=1&q=2"]);
    expect(request.body).toEqual(body);
    const sent = request.rawHeaders.slice(request.rawHeaders.indexOf("X-Case"));
    expect(sent).toEqual([...headers.flat(), "content-length", "7"]);
    expect(request.headers.host).toBe(`127.0.0.1:${receiver.port}`);
  });

  test("says itself how its message is framed", async () => {
    await using receiver = await startReceiver();
    await using outbound = startOutbound();
    const headers = [
      ["Host", "elsewhere.test"],
      ["content-length", "1"],
      ["Transfer-Encoding", "chunked"],
      ["connection", "upgrade"],
      ["upgrade", "h2c"],
      ["expect", "100-continue"],
      ["x-kept", "1"],
    ] as const;
    expect(outcome(await post(outbound, receiver.url, { headers }))).toBe(200);
    const { headers: received } = await receiver.next();
    expect(received).toEqual({
      host: `127.0.0.1:${receiver.port}`,
      connection: "keep-alive",
      "x-kept": "1",
      "content-length": "2",
    });
  });

  test.for(["GET", "HEAD", "DELETE"])("may be a %s without a body", async (method) => {
    await using receiver = await startReceiver({ status: 200, body: "hello" });
    await using outbound = startOutbound();
    const result = await post(outbound, receiver.url, { method, body: undefined });
    expect(result).toMatchObject({ status: 200, bodyStart: Buffer.from(method === "HEAD" ? "" : "hello") });
    expect((await receiver.next()).method).toBe(method);
  });

  test.for([
    { headers: [["x-injected", "a\r\nx-evil: 1"]] },
    { headers: [["x-nul", "\0"]] },
    { headers: [["x-wide", "\u0100"]] },
    { headers: [["bad name", "1"]] },
    { headers: [["", "1"]] },
    { method: "BAD METHOD" },
    { method: "CONNECT" },
    { url: "ftp://127.0.0.1/" },
    { url: "no url" },
  ] as const)("that cannot be written as HTTP is not sent: %j", async (request) => {
    await using receiver = await startReceiver();
    await using outbound = startOutbound();
    expect(outcome(await post(outbound, receiver.url, request))).toBe("protocol");
    expect(receiver.connections).toBe(0);
  });
});

describe("an answer", () => {
  test("comes with its status, headers, the start of its body and how long it took", async () => {
    await using receiver = await startReceiver({
      status: 429,
      headers: { "Retry-After": "7", "content-type": "text/plain", "set-cookie": ["a=1", "b=2"], date: "today" },
      body: "x".repeat(5_000),
    });
    await using outbound = startOutbound();
    const result = await post(outbound, receiver.url);
    expect(result).toMatchObject({ kind: "answered", status: 429, bodyStart: Buffer.from("x".repeat(1_024)) });
    if (result.kind !== "answered") return;
    expect(result.headers).toEqual(
      expect.arrayContaining([
        ["retry-after", "7"],
        ["content-type", "text/plain"],
        ["set-cookie", "a=1"],
        ["set-cookie", "b=2"],
      ]),
    );
    expect(result.durationMs).toBeGreaterThanOrEqual(0);
  });

  test("has as much of its body as was asked for", async () => {
    await using receiver = await startReceiver({ body: "0123456789" });
    await using outbound = startOutbound();
    expect(await post(outbound, receiver.url, { bodyStartBytesMax: 4 })).toMatchObject({
      bodyStart: Buffer.from("0123"),
    });
    expect(await post(outbound, receiver.url, { bodyStartBytesMax: 0 })).toMatchObject({ bodyStart: Buffer.alloc(0) });
  });

  test("keeps at most 64 headers", async () => {
    await using receiver = await startReceiver({
      headers: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`x-${index}`, "1"])),
    });
    await using outbound = startOutbound();
    const result = await post(outbound, receiver.url);
    expect(result.kind === "answered" && result.headers.length).toBe(64);
  });

  test.for([301, 302, 303, 307, 308])("that redirects with %i is not followed", async (status) => {
    await using elsewhere = await startReceiver();
    await using receiver = await startReceiver({ status, headers: { location: `${elsewhere.url}/secret` } });
    await using outbound = startOutbound();
    expect(outcome(await post(outbound, receiver.url))).toBe(status);
    expect(elsewhere.connections).toBe(0);
  });

  test("that redirects to the metadata service is only an answer", async () => {
    await using receiver = await startReceiver({ status: 302, headers: { location: "http://169.254.169.254/" } });
    await using outbound = startOutbound();
    expect(outcome(await post(outbound, receiver.url))).toBe(302);
  });

  test.for([
    ["200 without a body", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 200],
    ["204", "HTTP/1.1 204 No Content\r\n\r\n", 204],
    ["204 that has a body all the same", "HTTP/1.1 204 No Content\r\ncontent-length: 2\r\n\r\nhi", 204],
    ["HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nhi", 200],
    ["a status without words", "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", 200],
    ["an unknown status", "HTTP/1.1 799 Odd\r\ncontent-length: 0\r\n\r\n", 799],
    [
      "103 before it",
      "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n",
      202,
    ],
    [
      "102s before it",
      `${"HTTP/1.1 102 Processing\r\n\r\n".repeat(20)}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n`,
      200,
    ],
    ["bytes after it", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhiHTTP/1.1 500 No\r\n\r\n", 200],
  ] as const)("may be %s", async ([, text, status]) => {
    await using receiver = await saying(text, (socket) => socket.end());
    await using outbound = startOutbound();
    expect(outcome(await post(outbound, receiver.url))).toBe(status);
  });
});

describe("giving up", () => {
  test("before it began sends nothing", async () => {
    await using receiver = await startReceiver();
    await using outbound = startOutbound();
    expect(outcome(await post(outbound, receiver.url, { signal: AbortSignal.abort() }))).toBe("cancelled");
    expect(receiver.connections).toBe(0);
  });

  test("while the answer is awaited ends it at once", async () => {
    await using receiver = await startReceiver(() => {});
    await using outbound = startOutbound();
    const giveUp = new AbortController();
    const sent = post(outbound, receiver.url, { signal: giveUp.signal });
    await receiver.next();
    giveUp.abort();
    expect(outcome(await sent)).toBe("cancelled");
  });

  test("after the headers leaves the answer as it is", async () => {
    await using receiver = await saying("HTTP/1.1 200 OK\r\n\r\nstart");
    await using outbound = startOutbound();
    const result = await within(900, async () => {
      const giveUp = new AbortController();
      // undici announces the headers just before it hands them over.
      const onHeaders = (): void => void setImmediate(() => giveUp.abort());
      subscribe("undici:request:headers", onHeaders);
      const sent = await post(outbound, receiver.url, { signal: giveUp.signal });
      unsubscribe("undici:request:headers", onHeaders);
      return sent;
    });
    expect(outcome(result)).toBe(200);
  });

  test("is what close does with all that is in flight, and to all that comes later", async () => {
    await using receiver = await startReceiver(() => {});
    const outbound = startOutbound();
    const sent = Array.from({ length: 10 }, () => post(outbound, receiver.url));
    await receiver.waitFor(10);
    await outbound.close();
    expect(new Set((await Promise.all(sent)).map(outcome))).toEqual(new Set(["cancelled"]));
    expect(outcome(await post(outbound, receiver.url))).toBe("cancelled");
    await outbound.close();
  });

  test("leaves no listener on the signal", async () => {
    await using receiver = await startReceiver();
    await using outbound = startOutbound();
    const { signal } = new AbortController();
    await post(outbound, receiver.url, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
