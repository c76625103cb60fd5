import { describe, expect, test } from "vitest";

import type { HttpAnswer } from "../../harness/http.ts";
import { deleteSource } from "../../src/routing/delete-source.ts";
import { eventually } from "../support/engine.ts";
import { select } from "../support/store.ts";
import { openWire, postText } from "../support/wire.ts";
import { openFrontDoor } from "./_front-door.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Every header of an answer, save those of the connection and the date. */
const own = ({ headers }: Pick<HttpAnswer, "headers">): Record<string, unknown> => {
  const { date: _date, connection: _connection, "keep-alive": _keepAlive, ...rest } = headers;
  return rest;
};

const expectWhole = (answer: HttpAnswer, status: number, body: string, more: Record<string, string> = {}): void => {
  expect([answer.status, answer.body.toString()]).toEqual([status, body]);
  expect(own(answer)).toEqual({
    "content-type": "application/json",
    "content-length": String(body.length),
    "content-security-policy": "sandbox; default-src 'none'",
    "x-content-type-options": "nosniff",
    "x-request-id": expect.stringMatching(uuid),
    ...more,
  });
};

const stored = async ({ engine }: Awaited<ReturnType<typeof openFrontDoor>>): Promise<number> => {
  const [row] = await select<{ count: number }>(engine.store, "select count(*) as count from events");
  return row!.count;
};

test("a stored event is answered the same, whether its signature is valid or not", async () => {
  const door = await openFrontDoor();
  const signed = await door.engine.addSource({ provider: "github", signingSecret: "hush", requireSignature: true });
  const open = await door.engine.addSource();
  const ok = `{"ok":true}`;
  expectWhole(await door.post(signed, "{}", { headers: { "x-hub-signature-256": "sha256=00" } }), 200, ok);
  expectWhole(await door.post(open), 200, ok);
  expectWhole(await door.post(open, ""), 200, ok);
  expectWhole(await door.post(open, Buffer.from([0xff, 0])), 200, ok);
  expect(await stored(door)).toBe(4);
});

test("every answer has an id of its own", async () => {
  const door = await openFrontDoor();
  const source = await door.engine.addSource();
  const answers = await Promise.all(Array.from({ length: 5 }, () => door.post(source)));
  expect(new Set(answers.map(({ headers }) => headers["x-request-id"])).size).toBe(5);
});

describe("an unknown slug", () => {
  const notFound = `{"error":"not_found"}`;

  test("is 404, and so is all that is no slug", async () => {
    const door = await openFrontDoor();
    for (const path of ["/in/wh_unknown0", "/in/", "/in", "/in/../in/", "/in/%00", "/in?x=1"]) {
      expectWhole(await door.request(path, { method: "POST", body: "{}" }), 404, notFound);
    }
  });

  test("is one with anything before or behind a real one, and one written in another way", async () => {
    const door = await openFrontDoor();
    const { ingestSlug: slug } = await door.engine.addSource();
    for (const other of [`${slug}/`, `${slug}/x`, `x${slug}`, slug.toUpperCase(), `%77${slug.slice(1)}`]) {
      expectWhole(await door.request(`/in/${other}`, { method: "POST", body: "{}" }), 404, notFound);
    }
    expectWhole(await door.request(`/in/${slug}?a=1#b`, { method: "POST", body: "{}" }), 200, `{"ok":true}`);
    expect(await stored(door)).toBe(1);
  });

  test("is that of a source which is not for webhooks", async () => {
    const door = await openFrontDoor();
    for (const kind of ["push", "operator"] as const) {
      expectWhole(await door.post(await door.engine.addSource({ kind })), 404, notFound);
    }
  });

  test("is that of a source from the moment it is deleted", async () => {
    const door = await openFrontDoor();
    const source = await door.engine.addSource();
    expect((await door.post(source)).status).toBe(200);
    await deleteSource(door.engine.routing, source, source.id);
    expectWhole(await door.post(source), 404, notFound);
  });

  test("is answered before any other rule, whatever the method", async () => {
    const door = await openFrontDoor({ isShortOfDisk: () => true });
    expectWhole(await door.request("/in/wh_unknown0"), 404, notFound);
  });
});

test("every other method is 405, with what is allowed", async () => {
  const door = await openFrontDoor();
  const { ingestSlug } = await door.engine.addSource();
  for (const method of ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const answer = await door.request(`/in/${ingestSlug}`, { method });
    expectWhole(answer, 405, `{"error":"method_not_allowed"}`, { allow: "POST" });
  }
  const { status, headers, body } = await door.request(`/in/${ingestSlug}`, { method: "HEAD" });
  expect([status, headers["allow"], body.length]).toEqual([405, "POST", 0]);
  expect(await stored(door)).toBe(0);
});

describe("a body over the limit", () => {
  const tooLarge = `{"error":"payload_too_large"}`;

  test("is 413, and one at the limit is not", async () => {
    const door = await openFrontDoor({ bodyBytesMax: 1000 });
    const source = await door.engine.addSource();
    expectWhole(await door.post(source, "x".repeat(1000)), 200, `{"ok":true}`);
    expectWhole(await door.post(source, "x".repeat(1001)), 413, tooLarge);
    expect(await stored(door)).toBe(1);
    expect(door.budget.usedBytes).toBe(0);
  });

  test("is judged by the source's own limit, when it has one", async () => {
    const door = await openFrontDoor({ bodyBytesMax: 1000 });
    const [small, large] = [
      await door.engine.addSource({ bodyLimitBytes: 10 }),
      await door.engine.addSource({ bodyLimitBytes: 3000 }),
    ];
    expectWhole(await door.post(small, "x".repeat(11)), 413, tooLarge);
    expectWhole(await door.post(large, "x".repeat(3000)), 200, `{"ok":true}`);
  });

  test("is heard out up to twice the limit, so that the connection goes on", async () => {
    const door = await openFrontDoor({ bodyBytesMax: 1000 });
    const { ingestSlug } = await door.engine.addSource();
    const wire = await openWire(door.port);
    await wire.send(postText(`/in/${ingestSlug}`, "x".repeat(2000)));
    expect(await wire.answer()).toMatchObject({ status: 413, body: tooLarge, headers: { connection: "keep-alive" } });
    await wire.send(postText(`/in/${ingestSlug}`, "{}"));
    expect(await wire.answer()).toMatchObject({ status: 200 });
  });

  test("is refused unheard when more than twice the limit is announced", async () => {
    const door = await openFrontDoor({ bodyBytesMax: 1000 });
    const { ingestSlug } = await door.engine.addSource();
    const wire = await openWire(door.port);
    await wire.send(`POST /in/${ingestSlug} HTTP/1.1\r\nhost: x\r\ncontent-length: 2001\r\n\r\n`);
    expect(await wire.answer()).toMatchObject({ status: 413, body: tooLarge, headers: { connection: "close" } });
    await wire.closed;
  });

  test("that announces no length is given up at twice the limit", async () => {
    const door = await openFrontDoor({ bodyBytesMax: 1000 });
    const { ingestSlug } = await door.engine.addSource();
    const wire = await openWire(door.port);
    await wire.send(`POST /in/${ingestSlug} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`);
    for (let sent = 0; sent < 3; sent += 1) await wire.send(`384\r\n${"x".repeat(900)}\r\n`);
    expect(await wire.answer()).toMatchObject({ status: 413, body: tooLarge, headers: { connection: "close" } });
    await wire.closed;
    expect(door.budget.usedBytes).toBe(0);
  });
});

describe("shedding load", () => {
  const overloaded = `{"error":"overloaded"}`;
  const soon = { "retry-after": "5" };

  test("a source above its rate is 429, and says when its span is over", async () => {
    const door = await openFrontDoor();
    const limited = await door.engine.addSource({ rateLimitPerMinute: 2 });
    const free = await door.engine.addSource();
    for (let sent = 0; sent < 2; sent += 1) expect((await door.post(limited)).status).toBe(200);
    const refused = await door.post(limited);
    expectWhole(refused, 429, `{"error":"rate_limited"}`, { "retry-after": expect.stringMatching(/^(60|5\d)$/) });
    expect((await door.post(free)).status).toBe(200);
    door.engine.clock.advance(60_000);
    expect((await door.post(limited)).status).toBe(200);
    expect(await stored(door)).toBe(4);
  });

  test("invariant 12: short of disk is 503, before any of the body is read", async () => {
    const disk = { isShort: true };
    const door = await openFrontDoor({ isShortOfDisk: () => disk.isShort });
    const source = await door.engine.addSource();
    expectWhole(await door.post(source), 503, overloaded, soon);
    const wire = await openWire(door.port);
    await wire.send(`POST /in/${source.ingestSlug} HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n`);
    expect(await wire.answer()).toMatchObject({ status: 503, headers: { connection: "close" } });
    disk.isShort = false;
    expect((await door.post(source)).status).toBe(200);
  });

  test("a store that cannot be written is 503, and 200 again when it can", async () => {
    const door = await openFrontDoor();
    const source = await door.engine.addSource();
    await door.engine.writer.breakDown();
    expectWhole(await door.post(source), 503, overloaded, soon);
    await door.engine.writer.mend();
    expect((await door.post(source)).status).toBe(200);
    expect(await stored(door)).toBe(1);
    expect(door.budget.usedBytes).toBe(0);
  });

  test("bodies that find no room are 503, and there is room again when those before are done", async () => {
    const door = await openFrontDoor({ budgetBytes: 5000 });
    const { ingestSlug } = await door.engine.addSource();
    const slow = await openWire(door.port);
    await slow.send(`POST /in/${ingestSlug} HTTP/1.1\r\nhost: x\r\ncontent-length: 4500\r\n\r\n${"x".repeat(4400)}`);
    await eventually(() => expect(door.budget.usedBytes).toBe(4400));
    expectWhole(await door.post({ ingestSlug }, "x".repeat(700)), 503, overloaded, soon);
    expectWhole(await door.post({ ingestSlug }, "x".repeat(600)), 200, `{"ok":true}`);
    await slow.send("x".repeat(100));
    expect(await slow.answer()).toMatchObject({ status: 200 });
    expectWhole(await door.post({ ingestSlug }, "x".repeat(700)), 200, `{"ok":true}`);
    expect(door.budget.usedBytes).toBe(0);
  });

  test("a secret that cannot be opened is 503, never an invalid signature", async () => {
    const door = await openFrontDoor();
    const source = await door.engine.addSource({ provider: "github", signingSecret: "hush" });
    door.engine.table.putSource(source, {
      current: Buffer.from("sealed by nobody we know, long enough"),
      previous: null,
      previousUntilMs: null,
      config: null,
    });
    expectWhole(await door.post(source), 503, overloaded, soon);
    door.engine.table.putSource(
      { ...source, provider: "of-a-newer-program" },
      { current: null, previous: null, previousUntilMs: null, config: null },
    );
    expectWhole(await door.post(source), 503, overloaded, soon);
    expect(await stored(door)).toBe(0);
  });

  test("what nobody expected is 503, so that the sender tries again", async () => {
    const door = await openFrontDoor({ receive: () => Promise.reject(new Error("surprise")) });
    expectWhole(await door.post(await door.engine.addSource()), 503, overloaded, soon);
    expect(door.budget.usedBytes).toBe(0);
    expect(door.engine.log.entries()).toContainEqual(
      expect.objectContaining({ level: "error", task: "receive an event" }),
    );
  });
});
