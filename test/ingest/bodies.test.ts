import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readStored } from "../../src/events/read.ts";
import { idFromBytes } from "../../src/lib/ids.ts";
import { eventually } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";
import { select } from "../support/store.ts";
import { openWire, postText } from "../support/wire.ts";
import { type FrontDoor, openFrontDoor } from "./_front-door.ts";

/** The newest stored event, with its bytes. */
const newest = async ({ engine: { store } }: FrontDoor) => {
  const [row] = await select<{ id: Uint8Array }>(store, "select id from events order by id desc limit 1");
  return (await readStored(store, idFromBytes(row!.id)))!;
};

const eventCount = async ({ engine: { store } }: FrontDoor): Promise<number> => {
  const [row] = await select<{ count: number }>(store, "select count(*) as count from events");
  return row!.count;
};

const bytes = fc.uint8Array({ maxLength: 5000, size: "max" }).map((each) => Buffer.from(each));

test("invariant 4: the bytes received are the bytes stored and the bytes forwarded", async () => {
  await using receiver = await startReceiver();
  const door = await openFrontDoor();
  const source = await door.engine.addSource();
  await door.engine.addDestination(source, receiver.url);
  await fc.assert(
    fc.asyncProperty(bytes, async (body) => {
      expect((await door.post(source, body)).status).toBe(200);
      const { event, payload } = await newest(door);
      expect(Buffer.from(payload.body).equals(body)).toBe(true);
      expect(event.bodyBytes).toBe(body.length);
      const received = await receiver.next();
      expect(received.body.equals(body)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a body in chunks is the same body, however it was cut", async () => {
  const door = await openFrontDoor();
  const { ingestSlug } = await door.engine.addSource();
  const wire = await openWire(door.port);
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 600 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(pieces, async (chunks) => {
      await wire.send(`POST /in/${ingestSlug} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`);
      for (const chunk of chunks) {
        await wire.send(Buffer.concat([Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from("\r\n")]));
      }
      await wire.send("0\r\n\r\n");
      expect((await wire.answer()).status).toBe(200);
      expect(Buffer.from((await newest(door)).payload.body).equals(Buffer.concat(chunks))).toBe(true);
    }),
    { numRuns: 40 },
  );
  expect(door.budget.usedBytes).toBe(0);
});

test.for([
  { pieces: 1_024, bytes: 1, status: 200 },
  { pieces: 9_000, bytes: 1, status: 413 },
  { pieces: 1_200, bytes: 8, status: 200 },
])("$pieces pieces of $bytes are answered $status", async ({ pieces, bytes: pieceBytes, status }) => {
  const door = await openFrontDoor();
  const { ingestSlug } = await door.engine.addSource();
  const wire = await openWire(door.port);
  const piece = `${pieceBytes}\r\n${"x".repeat(pieceBytes)}\r\n`;
  await wire.send(`POST /in/${ingestSlug} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n`);
  await wire.send(`${piece.repeat(pieces)}0\r\n\r\n`);
  expect((await wire.answer()).status).toBe(status);
  expect(await eventCount(door)).toBe(status === 200 ? 1 : 0);
  expect(door.budget.usedBytes).toBe(0);
});

test("nothing is decompressed", async () => {
  const door = await openFrontDoor();
  const body = gzipSync("{}");
  await door.post(await door.engine.addSource(), body, { headers: { "content-encoding": "gzip" } });
  const { payload } = await newest(door);
  expect(Buffer.from(payload.body).equals(body)).toBe(true);
  expect(payload.headers).toContainEqual(["content-encoding", "gzip"]);
});

test("headers are stored in order, in lower case, repeats kept, one character per byte", async () => {
  const door = await openFrontDoor();
  const { ingestSlug } = await door.engine.addSource();
  const wire = await openWire(door.port);
  await wire.send(
    postText(`/in/${ingestSlug}?a=1&b=%20&a=2`, "{}", [
      "X-Twice: one",
      "X-Bytes: caf\u00e9 \u00ff",
      "x-twice: two",
      "X-Empty:",
    ]),
  );
  expect((await wire.answer()).status).toBe(200);
  const { payload } = await newest(door);
  expect(payload.headers).toEqual([
    ["host", "gateway.test"],
    ["x-twice", "one"],
    ["x-bytes", "caf\u00e9 \u00ff"],
    ["x-twice", "two"],
    ["x-empty", ""],
    ["content-length", "2"],
  ]);
  expect(payload).toMatchObject({ method: "POST", query: "a=1&b=%20&a=2", senderAddress: "127.0.0.1" });
});

test("an empty body is an event", async () => {
  const door = await openFrontDoor();
  const { ingestSlug } = await door.engine.addSource();
  const wire = await openWire(door.port);
  await wire.send(`POST /in/${ingestSlug} HTTP/1.1\r\nhost: x\r\n\r\n`);
  expect((await wire.answer()).status).toBe(200);
  expect((await newest(door)).event).toMatchObject({ bodyBytes: 0, eventType: null });
});

test("requests that come at once on one connection are answered and stored in order", async () => {
  const door = await openFrontDoor();
  const { ingestSlug } = await door.engine.addSource();
  const wire = await openWire(door.port);
  const bodies = Array.from({ length: 20 }, (_, at) => `{"type":"t${at}"}`);
  await wire.send(bodies.map((body) => postText(`/in/${ingestSlug}`, body)).join(""));
  for (const _ of bodies) expect((await wire.answer()).status).toBe(200);
  const types = await select<{ event_type: string }>(door.engine.store, "select event_type from events order by id");
  expect(types.map(({ event_type }) => event_type)).toEqual(bodies.map((_, at) => `t${at}`));
});

test("a sender that asks before it sends is told to go on", async () => {
  const door = await openFrontDoor();
  const { ingestSlug } = await door.engine.addSource();
  const wire = await openWire(door.port);
  await wire.send(`POST /in/${ingestSlug} HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n`);
  expect((await wire.answer()).status).toBe(100);
  await wire.send("{}");
  expect((await wire.answer()).status).toBe(200);
});

describe("a slow sender", () => {
  test("costs the bytes that it has sent, not those that it has announced, and holds up nobody", async () => {
    const door = await openFrontDoor({ budgetBytes: 12_000 });
    const { ingestSlug } = await door.engine.addSource();
    const wires = await Promise.all(Array.from({ length: 20 }, () => openWire(door.port)));
    const head = `POST /in/${ingestSlug} HTTP/1.1\r\nhost: x\r\ncontent-length: 9000\r\n\r\n`;
    for (const wire of wires) await wire.send(`${head}${"x".repeat(100)}`);
    await eventually(() => expect(door.budget.usedBytes).toBe(2000));
    expect((await door.post({ ingestSlug }, "y".repeat(9000))).status).toBe(200);

    for (const wire of wires) wire.cut();
    await eventually(() => expect(door.budget.usedBytes).toBe(0));
    expect(await eventCount(door)).toBe(1);
  });

  test("is stored when it is done, byte by byte", async () => {
    const door = await openFrontDoor();
    const { ingestSlug } = await door.engine.addSource();
    const wire = await openWire(door.port);
    for (const character of postText(`/in/${ingestSlug}`, `{"type":"slow"}`)) await wire.send(character);
    expect((await wire.answer()).status).toBe(200);
    expect((await newest(door)).event.eventType).toBe("slow");
  });
});

describe("a sender that goes away", () => {
  test.for([
    [
      "in the middle of its body",
      (slug: string) => `POST /in/${slug} HTTP/1.1\r\nhost: x\r\ncontent-length: 500\r\n\r\n${"x".repeat(300)}`,
      300,
    ],
    [
      "in the middle of a chunk",
      (slug: string) =>
        `POST /in/${slug} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n100\r\n${"x".repeat(200)}`,
      200,
    ],
    [
      "in a chunk that is none",
      (slug: string) =>
        `POST /in/${slug} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n40\r\n${"x".repeat(64)}\r\nzz\r\n`,
      0,
    ],
  ] as const)("%s leaves no event, and gives its room back", async ([_, text, usedBytes]) => {
    const door = await openFrontDoor();
    const { ingestSlug } = await door.engine.addSource();
    const wire = await openWire(door.port);
    await wire.send(text(ingestSlug));
    await eventually(() => expect(door.budget.usedBytes).toBe(usedBytes));
    wire.cut();
    await eventually(() => expect(door.budget.usedBytes).toBe(0));
    expect((await door.post({ ingestSlug })).status).toBe(200);
    expect(await eventCount(door)).toBe(1);
  });

  test("once it has sent everything has its event stored", async () => {
    const door = await openFrontDoor();
    const { ingestSlug } = await door.engine.addSource();
    const wire = await openWire(door.port);
    await wire.send(postText(`/in/${ingestSlug}`, `{"type":"last words"}`));
    wire.cut();
    await eventually(async () => expect(await eventCount(door)).toBe(1));
    expect((await newest(door)).event.eventType).toBe("last words");
    await eventually(() => expect(door.budget.usedBytes).toBe(0));
  });
});

describe("the sender's address", () => {
  const forged = { headers: { "x-forwarded-for": "198.51.100.7" } };

  test("is the socket's: a forwarding header of somebody who is no proxy of ours proves nothing", async () => {
    const door = await openFrontDoor();
    const source = await door.engine.addSource();
    await door.post(source, "{}", forged);
    expect((await newest(door)).payload.senderAddress).toBe("127.0.0.1");
    const elsewhere = await openFrontDoor({ trustedProxies: ["10.0.0.0/8"] });
    await elsewhere.post(await elsewhere.engine.addSource(), "{}", forged);
    expect((await newest(elsewhere)).payload.senderAddress).toBe("127.0.0.1");
  });

  test("is what a trusted proxy says", async () => {
    const door = await openFrontDoor({ trustedProxies: ["127.0.0.0/8"] });
    const source = await door.engine.addSource();
    await door.post(source, "{}", forged);
    expect((await newest(door)).payload.senderAddress).toBe("198.51.100.7");
    await door.post(source, "{}", { headers: { "x-forwarded-for": ["203.0.113.9", "198.51.100.8, 127.0.0.9"] } });
    expect((await newest(door)).payload.senderAddress).toBe("198.51.100.8");
  });
});
