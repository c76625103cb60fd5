import { createHmac } from "node:crypto";

import { describe, expect, test } from "vitest";

import { tryConnection } from "../../src/delivery/try-connection.ts";
import { readStored } from "../../src/events/read.ts";
import {
  type ConnectionDraft,
  dropConnection,
  editConnection,
  makeConnection,
} from "../../src/routing/change-connections.ts";
import type { Connection } from "../../src/routing/connection.ts";
import type { NewDestination } from "../../src/routing/decide-destination.ts";
import type { Destination } from "../../src/routing/destination.ts";
import { makeDestination } from "../../src/routing/make-destination.ts";
import type { Outgoing } from "../../src/routing/outgoing.ts";
import type { Source } from "../../src/routing/source.ts";
import type { Transform } from "../../src/transforms/transform.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";
import { destinationDraft } from "../support/routing.ts";
import { select } from "../support/store.ts";

const { eventFilter: _none, ...plain } = destinationDraft({ dialect: "hookstream", secret: null });

const addDestination = async (
  engine: Engine,
  url: string,
  over: Partial<NewDestination> = {},
): Promise<Destination> => {
  const slug = engine.ids.next();
  const made = await makeDestination(engine.routing, engine.scope, { ...plain, slug, url, ...over });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.destination;
};

const connect = async (
  engine: Engine,
  source: Source,
  destination: Destination,
  over: Partial<ConnectionDraft> = {},
): Promise<Connection> => {
  const ends = { sourceId: source.id, destinationId: destination.id };
  const made = await makeConnection(engine.routing, engine.scope, { ...ends, ...over });
  if (made.kind !== "created") throw new Error(made.kind);
  return made.connection;
};

const bare = (id: string): string => id.replaceAll("-", "");

describe("a destination of hookstream's API", () => {
  test("is told which event and attempt it gets, in that API's words", async () => {
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 500 }, { status: 200 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const retry = { enabled: true, backoff: "fixed", intervalsSeconds: [30], retriesMax: 1 } as const;
    await connect(engine, source, await addDestination(engine, receiver.url, { retry, method: "PUT" }));
    const eventId = await engine.accept(source, { body: '{"type":"x"}' });
    await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
    engine.clock.advance(30_000);
    await engine.until(eventId, "succeeded");
    const [first, second] = receiver.requests;
    expect(first?.method).toBe("PUT");
    expect(first?.headers).toMatchObject({
      "content-type": "application/json",
      "x-hookstream-event-id": bare(eventId),
      "x-hookstream-delivery-attempt": "1",
      "x-hookstream-timestamp": expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      "webhook-id": expect.stringContaining(bare(eventId)),
    });
    expect(second?.headers["x-hookstream-delivery-attempt"]).toBe("2");
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    const names = Object.keys(first?.headers ?? {});
    expect(names.filter((name) => name.startsWith("x-krafter") || name.includes("signature"))).toEqual([]);
  });

  test.for<[Outgoing["auth"], Record<string, string>]>([
    [{ type: "bearer", token: "tok-123" }, { authorization: "Bearer tok-123" }],
    [
      { type: "basic", username: "u", password: "pä:ss" },
      { authorization: `Basic ${Buffer.from("u:pä:ss").toString("base64")}` },
    ],
    [{ type: "api_key", header: "X-Api-Key", value: "key-123" }, { "x-api-key": "key-123" }],
  ])("is signed in at by %j, which no attempt shows", async ([auth, sent]) => {
    await using receiver = await startReceiver();
    receiver.respondWith({ headers: { "x-answer": "yes" } });
    const engine = await startEngine();
    const source = await engine.addSource();
    const headers = { "X-Tenant": "acme", "Content-Type": "application/vnd.acme+json", "User-Agent": "acme/1" };
    const outgoing = { headers, auth, signature: null };
    await connect(engine, source, await addDestination(engine, receiver.url, { outgoing }));
    const eventId = await engine.accept(source);
    const { attempts } = await engine.until(eventId, "succeeded");
    const request = await receiver.next();
    expect(request.headers).toMatchObject({
      ...sent,
      "x-tenant": "acme",
      "content-type": "application/vnd.acme+json",
      "user-agent": "acme/1",
    });
    const shown = Object.fromEntries(attempts[0]!.exchange!.requestHeaders);
    for (const name of [...Object.keys(sent), "x-tenant"]) expect(shown[name]).toBe("[redacted]");
    expect(shown["x-hookstream-event-id"]).toBe(bare(eventId));
    expect(attempts[0]!.exchange).toMatchObject({ method: "POST", url: receiver.url, requestBytes: 2 });
    expect(attempts[0]!.exchange!.responseHeaders).toContainEqual(["x-answer", "yes"]);
    const [row] = await select<{ request_headers: Uint8Array }>(engine.store, "select request_headers from attempts");
    const kept = Buffer.from(row!.request_headers).toString() + engine.log.lines.join("");
    expect(kept).toContain("[redacted]");
    for (const secret of ["tok-123", "pä:ss", "key-123", "acme"]) expect(kept).not.toContain(secret);
  });

  test.for([
    [{ algorithm: "sha256", prefix: "sha256=", includeTimestamp: false }],
    [{ algorithm: "sha1", prefix: "", includeTimestamp: false }],
    [{ algorithm: "sha256", prefix: "v1=", includeTimestamp: true }],
  ] as const)("gets a signature of its own kind: %j", async ([kind]) => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    const signature = { ...kind, secret: "s3cret", header: "X-Acme-Signature", timestampHeader: "X-Acme-Time" };
    await connect(
      engine,
      source,
      await addDestination(engine, receiver.url, { outgoing: { headers: {}, auth: null, signature } }),
    );
    await engine.accept(source, { body: '{"a":"ü"}' });
    const { headers, body } = await receiver.next();
    const time = headers["x-acme-time"] as string | undefined;
    const mac = createHmac(kind.algorithm, "s3cret")
      .update(kind.includeTimestamp ? `${time}.` : "")
      .update(body);
    expect(headers["x-acme-signature"]).toBe(kind.prefix + mac.digest("hex"));
    expect(time === undefined).toBe(!kind.includeTimestamp);
  });

  test("is never switched off by itself, since its API could not switch it on again", async () => {
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 410 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const { id } = await addDestination(engine, receiver.url);
    await connect(engine, source, engine.destination(id));
    const { deliveries } = await engine.until(await engine.accept(source), "failed");
    expect(deliveries).toMatchObject([{ reason: "gone" }]);
    expect(engine.destination(id)).toMatchObject({ enabled: true, disabledReason: null });
  });
});

test("two connections from a source to a destination deliver twice, with different ids", async () => {
  await using receiver = await startReceiver();
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await addDestination(engine, receiver.url);
  const connections = [await connect(engine, source, destination), await connect(engine, source, destination)];
  const eventId = await engine.accept(source);
  await engine.until(eventId, "succeeded");
  const found = (await receiver.waitFor(2)).map(({ headers }) => headers["webhook-id"]);
  expect(new Set(found)).toEqual(new Set(connections.map(({ id }) => `msg_${bare(eventId)}_${bare(id)}`)));
});

describe("a filter", () => {
  const paid = [{ field: "payload.type", op: "eq", value: "paid" }] as const;

  test("decides in the commit which way an event takes, and a replay asks it again", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await addDestination(engine, receiver.url);
    const { id } = await connect(engine, source, destination, { filterRules: paid });
    const passing = await engine.accept(source, { body: '{"type":"paid"}' });
    const stopped = await engine.accept(source, { body: '{"type":"sent"}' });
    await engine.until(passing, "succeeded");
    expect(await engine.story(stopped)).toMatchObject({ status: "received", deliveries: [] });
    const again = await engine.replays.replayOne(engine.scope, { sourceId: source.id, eventId: stopped });
    expect(again).toEqual({ kind: "queued", destinationIds: [] });
    await editConnection(engine.routing, engine.scope, id, { filterRules: [{ ...paid[0], op: "neq" }] });
    expect(await engine.replays.replayOne(engine.scope, { sourceId: source.id, eventId: stopped })).toEqual({
      kind: "queued",
      destinationIds: [destination.id],
    });
    await engine.until(stopped, "succeeded");
    expect((await receiver.waitFor(2)).map(({ body }) => body.toString())).toEqual([
      '{"type":"paid"}',
      '{"type":"sent"}',
    ]);
  });

  test("is asked by a bulk replay for each event", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    for (const type of ["paid", "sent", "paid"]) await engine.accept(source, { body: JSON.stringify({ type }) });
    await connect(engine, source, await addDestination(engine, receiver.url), { filterRules: paid });
    const started = await engine.replays.start(engine.scope, source.id, { filter: {}, ratePerSecond: null });
    if (started.kind !== "started") throw new Error(started.kind);
    const key = { sourceId: source.id, replayId: started.replay.id };
    await eventually(async () =>
      expect(await engine.replays.get(engine.scope, key)).toMatchObject({ status: "completed", queued: 2, skipped: 1 }),
    );
    expect(receiver.requests.map(({ body }) => body.toString())).toEqual(['{"type":"paid"}', '{"type":"paid"}']);
  });
});

test("a connection shows what it would do with an event, and does nothing", async () => {
  await using receiver = await startReceiver();
  const engine = await startEngine();
  const source = await engine.addSource();
  const eventId = await engine.accept(source, { body: '{"n":5,"type":"paid"}' });
  const stored = await readStored(engine.store, eventId);
  const connection = await connect(engine, source, await addDestination(engine, receiver.url), {
    eventFilter: ["paid"],
    filterRules: [
      { field: "payload.n", op: "gt", value: 3 },
      { field: "payload.n", op: "gt", value: 7 },
    ],
  });
  const transform: Transform = async (_owner, expression) =>
    expression === "bad" ? { kind: "failed", error: "no" } : { kind: "transformed", body: Buffer.from(expression) };
  const tried = (over: Partial<Connection>) => tryConnection({ transform }, { ...connection, ...over }, stored!);
  expect(await tried({})).toMatchObject({
    passes: false,
    rules: [{ holds: true }, { holds: false }],
    transformed: null,
  });
  expect(await tried({ filterRules: null })).toEqual({ passes: true, rules: [], transformed: null });
  expect(await tried({ filterRules: null, eventFilter: ["sent"] })).toMatchObject({ passes: false });
  expect(await tried({ transformExpression: "x" })).toMatchObject({ transformed: null });
  const on = { transformEnabled: true, transformExpression: "bad" };
  expect(await tried(on)).toMatchObject({ passes: false, transformed: { kind: "failed", error: "no" } });
  expect(receiver.requests).toEqual([]);
});

describe("a transform", () => {
  const transformed = (transformExpression: string) => ({ transformEnabled: true, transformExpression });

  test("makes what is sent, signed and typed as JSON, at each attempt with the expression of that moment", async () => {
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 500 }, { status: 200 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const { id } = await connect(
      engine,
      source,
      await addDestination(engine, receiver.url, { secret: "shared" }),
      transformed('{ "n": 1, "was": $.a, "type": $event.type }'),
    );
    const request = {
      body: '{"a":"ü","type":"t"}',
      headers: [
        ["content-type", "application/vnd.x+json"],
        ["content-encoding", "identity"],
      ] as const,
    };
    const eventId = await engine.accept(source, request);
    await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
    await editConnection(engine.routing, engine.scope, id, { transformExpression: '{ "n": 2 }' });
    engine.clock.advance(40_000);
    await engine.until(eventId, "succeeded");
    const [first, second] = receiver.requests;
    expect(JSON.parse(first!.body.toString())).toEqual({ n: 1, was: "ü", type: "t" });
    expect(first!.headers).toMatchObject({ "content-type": "application/json" });
    expect(first!.headers["content-encoding"]).toBeUndefined();
    const signed = `${first!.headers["webhook-id"] as string}.${first!.headers["webhook-timestamp"] as string}.`;
    expect(first!.headers["webhook-signature"]).toBe(
      `v1,${createHmac("sha256", "shared").update(signed).update(first!.body).digest("base64")}`,
    );
    expect(second!.body.toString()).toBe('{"n":2}');
  });

  test("that fails is a failed attempt with its words, and is not tried again", async () => {
    await using receiver = await startReceiver();
    const engine = await startEngine();
    const source = await engine.addSource();
    const circuit = { enabled: true, threshold: 1, resetMs: 60_000 };
    const destination = await addDestination(engine, receiver.url, { circuit });
    const { id } = await connect(engine, source, destination, transformed('$error("no such order")'));
    const { deliveries, attempts } = await engine.until(await engine.accept(source), "failed");
    expect(deliveries).toMatchObject([{ status: "failed", reason: "transform", attempts: 1 }]);
    expect(attempts).toMatchObject([{ code: "transform", error: expect.stringContaining("no such order") }]);
    expect(engine.destination(destination.id)).toMatchObject({ circuitOpenedAtMs: null, failureCount: 0 });
    await editConnection(engine.routing, engine.scope, id, { transformEnabled: false });
    await engine.until(await engine.accept(source, { body: "as it came" }), "succeeded");
    expect(receiver.requests.map(({ body }) => body.toString())).toEqual(["as it came"]);
  });
});

test("a transform that takes too much is a failed attempt, and what goes beside it is delivered", async () => {
  await using receiver = await startReceiver();
  const engine = await startEngine();
  const source = await engine.addSource();
  // Of a kind that ends the process it happens in.
  const bomb = '($f := function($s){ ($contains($s, "y"); $f($s & $s)) }; $f("xxxxxxxxxx"))';
  for (const transformExpression of [bomb, '{ "n": $.n }']) {
    const destination = await addDestination(engine, receiver.url);
    await connect(engine, source, destination, { transformEnabled: true, transformExpression });
  }
  const eventIds = await Promise.all([1, 2, 3].map((n) => engine.accept(source, { body: JSON.stringify({ n }) })));
  for (const eventId of eventIds) {
    await eventually(async () => {
      const { deliveries, attempts } = await engine.story(eventId);
      expect(deliveries.map(({ status }) => status).toSorted()).toEqual(["failed", "success"]);
      expect(attempts.filter(({ code }) => code === "transform")).toMatchObject([
        { error: expect.stringMatching(/^the transform (took|used) more than \d+ (ms|MiB) of/) },
      ]);
    });
  }
  expect(receiver.requests.map(({ body }) => body.toString()).toSorted()).toEqual(['{"n":1}', '{"n":2}', '{"n":3}']);
});

test("what waits along a connection that was deleted is cancelled", async () => {
  await using receiver = await startReceiver();
  receiver.respondWith({ status: 500 });
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await addDestination(engine, receiver.url);
  const { id } = await connect(engine, source, destination);
  const eventId = await engine.accept(source);
  await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
  await dropConnection(engine.routing, engine.scope, id);
  engine.delivery.lanes.wake(destination.id);
  engine.clock.advance(40_000);
  const { deliveries, attempts } = await engine.until(eventId, "failed");
  expect(deliveries).toMatchObject([{ status: "cancelled", reason: "connection_deleted" }]);
  expect(attempts).toHaveLength(1);
});
