import type { ServerResponse } from "node:http";

import { expect, test } from "vitest";

import type { Id } from "../../src/lib/ids.ts";
import { claimedDueMs } from "../../src/queue/delivery.ts";
import { type Engine, eventually, startEngine } from "../support/engine.ts";
import { saying, startRawReceiver, startReceiver } from "../support/receiver.ts";
import { execute, idLiteral, select } from "../support/store.ts";

test("an event is sent at once, and its success is recorded", async () => {
  await using receiver = await startReceiver({ status: 202, body: "thanks" });
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, `${receiver.url}/hook?x=1`);
  const eventId = await engine.accept(source, { body: `{"type":"order.created"}` });
  const { deliveries, attempts } = await engine.until(eventId, "succeeded");

  const request = await receiver.next();
  expect([request.method, request.path, request.body.toString()]).toEqual([
    "POST",
    "/hook?x=1",
    `{"type":"order.created"}`,
  ]);
  expect(deliveries).toMatchObject([
    { destinationId: destination.id, status: "success", reason: null, attempts: 1, isReplay: false },
  ]);
  expect(attempts).toMatchObject([
    { deliveryId: deliveries[0]!.id, number: 1, code: null, error: null, responseStatus: 202 },
  ]);
  expect(Buffer.from(attempts[0]!.responseBody!).toString()).toBe("thanks");
  expect(receiver.requests.length).toBe(1);
});

test("a delivery that fails is tried five times, at the published times, and has failed then", async () => {
  await using receiver = await startReceiver({ status: 500, body: "no" });
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, receiver.url);
  const eventId = await engine.accept(source);
  for (const [made, seconds] of [17, 19, 23, 31].entries()) {
    const { deliveries } = await eventually(async () => {
      const story = await engine.story(eventId);
      expect(story.attempts).toHaveLength(made + 1);
      return story;
    });
    expect(deliveries).toMatchObject([{ status: "pending", attempts: made + 1 }]);
    // Five seconds early, in case that this machine needs some of them.
    engine.clock.advance(seconds * 1000 - 5000);
    await engine.roundTrip();
    expect(receiver.requests.length).toBe(made + 1);
    engine.clock.advance(5000 + seconds * 100);
  }
  const { deliveries, attempts } = await engine.until(eventId, "failed");
  expect(deliveries).toMatchObject([{ status: "failed", reason: "exhausted", attempts: 5 }]);
  expect(attempts.map(({ number, code, responseStatus }) => [number, code, responseStatus])).toEqual(
    [1, 2, 3, 4, 5].map((number) => [number, "status", 500]),
  );
  expect(receiver.requests.map(({ headers }) => headers["x-krafter-attempt"])).toEqual(["1", "2", "3", "4", "5"]);
  expect(new Set(receiver.requests.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(new Set(receiver.requests.map(({ headers }) => headers["x-krafter-webhook-id"])).size).toBe(5);
  expect(engine.destination(destination.id)).toMatchObject({ enabled: true, failureCount: 1 });
});

test("a receiver that is back in time gets the event, and its failures are forgotten", async () => {
  await using receiver = await startReceiver({ status: 200 });
  const engine = await startEngine();
  const source = await engine.addSource();
  const failing = await engine.addDestination(source, receiver.url, { retryScheduleSeconds: [5] });
  receiver.respondWith({ status: 503 }, { status: 503 }, { status: 503 }, { status: 200 });
  const lost = await engine.accept(source);
  await eventually(async () => expect((await engine.story(lost)).attempts).toHaveLength(1));
  engine.clock.advance(6000);
  await engine.until(lost, "failed");
  expect(engine.destination(failing.id).failureCount).toBe(1);

  const saved = await engine.accept(source);
  await eventually(async () => expect((await engine.story(saved)).attempts).toHaveLength(1));
  engine.clock.advance(6000);
  const { attempts } = await engine.until(saved, "succeeded");
  expect(attempts.map(({ code }) => code)).toEqual(["status", null]);
  expect(engine.destination(failing.id).failureCount).toBe(0);
});

/** When the next attempt of an event's only delivery falls due, counted from the last one. */
const waitOf = async (engine: Engine, eventId: Id): Promise<number> =>
  eventually(async () => {
    const [row] = await select<{ due_at_ms: number; started_at_ms: number }>(
      engine.store,
      `select due_at_ms, started_at_ms from deliveries join attempts using (event_id) where event_id = ${idLiteral(eventId)}`,
    );
    expect(row!.due_at_ms).toBeLessThan(claimedDueMs);
    return row!.due_at_ms - row!.started_at_ms;
  });

const httpDate = (ms: number): string => new Date(ms).toUTCString();

test.for([
  ["no header", { status: 503 }, 17_000, 18_700],
  ["Retry-After in seconds", { status: 503, headers: { "retry-after": "120" } }, 120_000, 120_000],
  [
    "Retry-After as a date",
    (_request: unknown, response: ServerResponse) => {
      response.writeHead(503, { "retry-after": httpDate(Date.now() + 600_000) }).end();
    },
    597_000,
    600_000,
  ],
  ["Retry-After far away", { status: 503, headers: { "retry-after": "86400" } }, 3_600_000, 3_600_000],
  ["429 alone", { status: 429 }, 60_000, 60_000],
  ["a redirect", { status: 302, headers: { location: "http://127.0.0.1:9/" } }, 17_000, 18_700],
] as const)("after %s the next attempt is due then", async ([_, answer, atLeastMs, atMostMs]) => {
  await using receiver = await startReceiver(answer);
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url);
  const waitMs = await waitOf(engine, await engine.accept(source));
  // The attempt itself took a moment, and the wait begins after it.
  expect(waitMs).toBeGreaterThanOrEqual(atLeastMs);
  expect(waitMs).toBeLessThan(atMostMs + 2000);
});

test("an attempt that gets no answer says why, and no secret of the address", async () => {
  await using deaf = await startReceiver(() => new Promise(() => {}));
  await using resetting = await startRawReceiver((socket) => socket.destroy());
  await using babbling = await saying("no HTTP at all");
  const closed = await startReceiver();
  await closed.close();
  const engine = await startEngine();
  const codes: unknown[] = [];
  for (const url of [
    `${deaf.url}/?token=hush`,
    resetting.url,
    babbling.url,
    closed.url,
    "http://10.0.0.1/",
    "http://name.invalid/",
  ]) {
    const source = await engine.addSource();
    await engine.addDestination(source, url, { timeoutMs: 300, retryScheduleSeconds: [] });
    const { attempts } = await engine.until(await engine.accept(source), "failed");
    const [{ code, error, responseStatus, responseBody }] = attempts as [(typeof attempts)[0]];
    expect([responseStatus, responseBody]).toEqual([null, null]);
    expect(error).not.toMatch(/hush|127\.0\.0\.1|10\.0\.0\.1/);
    codes.push(code);
  }
  expect(codes).toEqual(["timeout", "reset", "protocol", "connect", "refused_address", "dns"]);
});

test("a retry waits in the store: a gateway that starts anew tries again when it falls due, not before", async () => {
  await using receiver = await startReceiver({ status: 500 });
  const first = await startEngine();
  const source = await first.addSource();
  await first.addDestination(source, receiver.url);
  const eventId = await first.accept(source);
  await eventually(async () => expect((await first.story(eventId)).attempts).toHaveLength(1));
  await first.stop();

  receiver.respondWith({ status: 200 });
  const second = await startEngine(first);
  await second.roundTrip();
  expect(receiver.requests.length).toBe(1);
  second.clock.advance(20_000);
  const { attempts } = await second.until(eventId, "succeeded");
  expect(attempts.map(({ number }) => number)).toEqual([1, 2]);
});

test("invariant 11: what cannot be signed becomes a failed attempt with a reason", async () => {
  await using receiver = await startReceiver();
  const engine = await startEngine();
  const source = await engine.addSource();
  const destination = await engine.addDestination(source, receiver.url, { retryScheduleSeconds: [] });
  engine.table.putDestination(destination, {
    current: Buffer.from("sealed by nobody we know, long enough"),
    previous: null,
    outgoing: null,
    previousUntilMs: null,
  });
  const { attempts } = await engine.until(await engine.accept(source), "failed");
  expect(attempts).toMatchObject([{ code: "signature", responseStatus: null }]);
  expect(receiver.requests.length).toBe(0);
});

test("invariant 11: an event that is gone from the store ends its delivery, with a reason", async () => {
  await using receiver = await startReceiver({ status: 500 });
  const engine = await startEngine();
  const source = await engine.addSource();
  await engine.addDestination(source, receiver.url);
  const eventId = await engine.accept(source);
  await eventually(async () => expect((await engine.story(eventId)).attempts).toHaveLength(1));
  await engine.store.write((tx) => execute(tx, "delete from payloads"));
  engine.clock.advance(20_000);
  await eventually(async () =>
    expect((await engine.story(eventId)).deliveries).toMatchObject([
      { status: "failed", reason: "event_lost", attempts: 1 },
    ]),
  );
  expect(receiver.requests.length).toBe(1);
});
