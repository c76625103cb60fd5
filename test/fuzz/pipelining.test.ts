import { expect, test } from "vitest";

import { startGateway } from "../support/gateway.ts";
import { makeSource } from "../support/journey.ts";
import { postText } from "../support/wire.ts";
import { converse, latin1 } from "./_dialogue.ts";
import { readStoredSince } from "./_stored.ts";

/** A gateway with a source, and what one packet on one connection leads to. */
const open = async () => {
  const gateway = await startGateway();
  const source = await makeSource(gateway, { provider: "generic", require_signature: false });
  const port = Number(new URL(gateway.url).port);
  const at = (name: string): string => `/in/${source.slug}?${name}`;
  return {
    event: (name: string, headers: readonly string[] = []) => postText(at(name), `{"type":"${name}"}`, headers),
    head: (name: string) => `POST ${at(name)} HTTP/1.1\r\nhost: gateway.test\r\n`,
    key: gateway.key,
    say: async (text: string, answersWanted?: number) => {
      const speech = { pieces: [latin1(text)], ...(answersWanted === undefined ? {} : { answersWanted }) };
      const { answers, rest, end } = await converse(port, speech);
      return { statuses: answers.map(({ status }) => status), answers, rest, end };
    },
    stored: async () => (await readStoredSince(gateway, source.id)).map(({ query }) => query),
  };
};

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

test("ten events in one packet are answered and stored, in order", async () => {
  const { event, say, stored } = await open();
  const { statuses } = await say(
    numbers(10)
      .map((name) => event(name))
      .join(""),
    10,
  );
  expect(statuses).toEqual(numbers(10).map(() => 200));
  expect(await stored()).toEqual(numbers(10));
});

test("ten requests of all kinds in one packet are answered in order", async () => {
  const { event, key, say } = await open();
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`;
  const kinds: readonly (readonly [request: string, status: number])[] = [
    [get("/healthz"), 200],
    [event("a"), 200],
    [get("/api/v1/webhooks/sources"), 200],
    [get("/nowhere"), 404],
    [event("b"), 200],
    [get("/api/v1/webhooks/sources/x"), 404],
    ["DELETE /healthz HTTP/1.1\r\nhost: x\r\n\r\n", 404],
    [event("c", ["expect: 100-continue"]), 200],
    ["GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n", 200],
    [event("d"), 200],
  ];
  const { statuses } = await say(kinds.map(([request]) => request).join(""), kinds.length);
  expect(statuses).toEqual(kinds.map(([, status]) => status));
});

test("who asks to go on behind other requests is told so between their answers", async () => {
  const { event, head, say } = await open();
  const asking = [
    event("b", ["expect: 100-continue"]),
    `${head("c")}expect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    "GET /api/v1/webhooks/sources HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\r\n",
  ];
  const { answers, rest } = await say([event("a"), ...asking, event("d")].join(""), 5);
  const ok = [200, '{"ok":true}'];
  const refused = [401, '{"error":"Invalid or missing API key"}'];
  expect(answers.map(({ status, body }) => [status, body])).toEqual([ok, ok, ok, refused, ok]);
  expect(rest).toBe("");
});

test("what came before a request that is none is answered first; it is told so, and nothing behind it is taken", async () => {
  const { event, head, say, stored } = await open();
  const kept: string[] = [];
  const nothings = [
    "nonsense\r\n\r\n",
    "\0",
    "POST / HTTP/1.1\r\n\r\n",
    `${head("x")}host: elsewhere.test\r\n\r\n`,
    `${head("x")}content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    `${head("x")}transfer-encoding: chunked\r\n\r\nzz\r\n`,
    `${head("x")}transfer-encoding: chunked\r\n\r\n3\r\nabcdef`,
    `${head("x")}transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `${head("x")}x: y\0\r\n\r\n`,
    `${head("x")}x: ${"x".repeat(17_000)}\r\n\r\n`,
  ];
  for (const [at, nothing] of nothings.entries()) {
    const before = numbers(4).map((name) => `${at}.${name}`);
    const packet = [...before.map((name) => event(name)), nothing, event("behind"), event("behind")].join("");
    const { statuses, answers, rest, end } = await say(packet);
    expect([nothing, ...statuses]).toEqual([nothing, 200, 200, 200, 200, nothing.length > 17_000 ? 431 : 400]);
    expect([answers.at(-1)!.headers["connection"], rest, end]).toEqual(["close", "", "closed"]);
    kept.push(...before);
  }
  expect(await stored()).toEqual(kept);
});

test("nothing is taken behind an answer that ends the connection", async () => {
  const { event, head, say, stored } = await open();
  const last: readonly (readonly [request: string, status: number])[] = [
    [event("asked", ["connection: close"]), 200],
    ["POST /in/wh_nobody00 HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}", 404],
    ["GET /in/wh_nobody00 HTTP/1.1\r\nhost: x\r\n\r\n", 404],
    [`${head("x").replace("POST", "GET")}\r\n`, 405],
    [head("x").replace("POST", "PUT").concat("content-length: 2\r\n\r\n{}"), 405],
    [`${head("x")}content-length: 9000000\r\n\r\n`, 413],
  ];
  for (const [request, status] of last) {
    const { statuses, end } = await say(`${event("a")}${request}${event("behind")}`);
    expect([request, statuses, end]).toEqual([request, [200, status], "closed"]);
  }
  expect(await stored()).toEqual(["a", "asked", "a", "a", "a", "a", "a"]);
});

test("a request that asks for another protocol is answered in this one, and ends the connection", async () => {
  const { event, say, stored } = await open();
  const kept: string[] = [];
  for (const wish of ["websocket", "h2c", "TLS/1.0", "nonsense"]) {
    // What stands behind it may be half a request, of which the parser would see the other half alone.
    const [front, back] = ["x".repeat(20), event("hidden")];
    const half = event("behind").replace(/content-length.*$/s, `content-length: ${front.length + back.length}\r\n\r\n`);
    const asking = event(wish, ["connection: upgrade", `upgrade: ${wish}`]);
    const { statuses, end } = await say(`${event("a")}${asking}${half}${front}${back}`);
    expect([wish, statuses, end]).toEqual([wish, [200, 200], "closed"]);
    kept.push("a", wish);
  }
  expect(await stored()).toEqual(kept);
});

test("a connection that breaks off behind its answer, or asks for another one, is closed without a word", async () => {
  const { event, say, stored } = await open();
  const broken = await say(
    "POST /api/v1/webhooks/sources HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\nzz\r\n",
  );
  expect([broken.statuses, broken.rest, broken.end]).toEqual([[401], "", "closed"]);
  const { statuses, rest, end } = await say(`CONNECT gateway.test:80 HTTP/1.1\r\nhost: x\r\n\r\n${event("behind")}`);
  expect([statuses, rest, end]).toEqual([[], "", "closed"]);
  expect(await stored()).toEqual([]);
});
