import { describe, expect, test } from "vitest";

import { afterOutcome, circuitStateOf, gateOf, isOutOfTime } from "../../src/delivery/circuit.ts";
import type { AttemptCode, Outcome } from "../../src/delivery/outcome.ts";
import { closedCircuit, type Destination } from "../../src/routing/destination.ts";
import { eventually, startEngine } from "../support/engine.ts";
import { startReceiver } from "../support/receiver.ts";
import { newDestination } from "../support/records.ts";

const nowMs = 1_800_000_000_000;
const rule = { enabled: true, threshold: 3, resetMs: 60_000 };
const closed = newDestination({ circuit: rule });

const failedBy = (code: AttemptCode): Outcome => ({
  kind: "failed",
  code,
  status: null,
  error: "it failed",
  retryAfterMs: null,
});
const failed = failedBy("timeout");
const succeeded: Outcome = { kind: "succeeded", status: 200 };

const after = (outcomes: readonly Outcome[], from: Destination = closed, atMs = nowMs): Destination =>
  outcomes.reduce((known, outcome) => afterOutcome(known, outcome, atMs), from);

describe("a circuit", () => {
  test("opens after so many failures in a row", () => {
    expect(after([failed, failed]).circuitOpenedAtMs).toBeNull();
    expect(after([failed, failed, failed])).toEqual({ ...closed, circuitFailures: 3, circuitOpenedAtMs: nowMs });
    expect(after([failed, failed, succeeded, failed, failed]).circuitOpenedAtMs).toBeNull();
  });

  test.for<AttemptCode>(["transform", "signature", "crashed", "cancelled"])(
    "is not opened by what is our own fault: %s",
    (code) => {
      expect(after([failedBy(code), failedBy(code), failedBy(code)])).toBe(closed);
    },
  );

  test("that is not wanted counts nothing", () => {
    const without = newDestination();
    expect(after([failed, failed, failed, failed], without)).toBe(without);
    expect(gateOf({ ...without, circuitOpenedAtMs: nowMs }, nowMs)).toEqual({ kind: "open" });
  });

  const open = after([failed, failed, failed]);

  test.for([
    [-1, { kind: "shut", waitMs: 60_001 }, "open"],
    [0, { kind: "shut", waitMs: 60_000 }, "open"],
    [59_999, { kind: "shut", waitMs: 1 }, "open"],
    [60_000, { kind: "probe" }, "half_open"],
    [600_000, { kind: "probe" }, "half_open"],
  ] as const)("%i ms after it opened is %j", ([laterMs, gate, state]) => {
    expect(gateOf(open, nowMs + laterMs)).toEqual(gate);
    expect(circuitStateOf(open, nowMs + laterMs)).toBe(state);
  });

  test("stays open for as long again when the probe fails, and no longer for what was under way", () => {
    expect(after([failed], open, nowMs + 30_000).circuitOpenedAtMs).toBe(nowMs);
    expect(after([failed], open, nowMs + 60_000).circuitOpenedAtMs).toBe(nowMs + 60_000);
  });

  test("closes with a success", () => {
    expect(after([succeeded], open)).toEqual({ ...closed, ...closedCircuit });
    expect(circuitStateOf(closed, nowMs)).toBe("closed");
  });

  test("is waited for as long as the waits before all retries, and an hour", () => {
    const retry = { enabled: true, backoff: "exponential", intervalsSeconds: [10, 20], retriesMax: 2 } as const;
    const patient = { ...open, retry };
    const limitMs = nowMs + 30_000 + 3_600_000;
    const isLate = (atMs: number) =>
      isOutOfTime({ createdAtMs: nowMs }, { ...patient, circuitOpenedAtMs: nowMs }, atMs);
    expect(isLate(limitMs)).toBe(false);
    expect(isLate(limitMs + 1)).toBe(true);
    expect(isOutOfTime({ createdAtMs: nowMs }, closed, limitMs + 1)).toBe(false);
  });
});

describe("in a lane", () => {
  const retry = { enabled: true, backoff: "fixed", intervalsSeconds: [1], retriesMax: 10 } as const;
  const circuit = { enabled: true, threshold: 2, resetMs: 60_000 };

  test("an open circuit sends nothing, tries the oldest, and lets all go in order once that succeeds", async () => {
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 500 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const destination = await engine.addDestination(source, receiver.url, {
      circuit: { ...circuit, resetMs: 600_000 },
      retry,
      maxConcurrency: 1,
    });
    const oldest = await engine.accept(source, { body: "0" });
    await eventually(async () => expect((await engine.story(oldest)).attempts).toHaveLength(1));
    engine.clock.advance(1_100);
    await eventually(() => expect(engine.destination(destination.id).circuitOpenedAtMs).not.toBeNull());
    const later = [];
    for (const body of ["1", "2", "3"]) later.push(await engine.accept(source, { body }));
    engine.clock.advance(300_000);
    await engine.roundTrip();
    expect(receiver.requests).toHaveLength(2);
    // The probe fails: one request, and another ten minutes.
    engine.clock.advance(301_000);
    await eventually(() => expect(receiver.requests).toHaveLength(3));
    expect(receiver.requests[2]!.body.toString()).toBe("0");
    await eventually(() => expect(engine.destination(destination.id).circuitFailures).toBe(3));
    engine.clock.advance(300_000);
    await engine.roundTrip();
    expect(receiver.requests).toHaveLength(3);
    receiver.respondWith({ status: 204 });
    engine.clock.advance(301_000);
    for (const id of [oldest, ...later]) await engine.until(id, "succeeded");
    expect(receiver.requests.slice(3).map(({ body }) => body.toString())).toEqual(["0", "1", "2", "3"]);
    expect(engine.destination(destination.id)).toMatchObject(closedCircuit);
    const { attempts } = await engine.story(later[0]!);
    expect(attempts.map(({ number }) => number)).toEqual([1]);
  });

  test("what waits for too long ends as failed, without an attempt, and a neighbour is not touched", async () => {
    await using receiver = await startReceiver();
    await using neighbour = await startReceiver();
    receiver.respondWith({ status: 500 });
    const engine = await startEngine();
    const source = await engine.addSource();
    const { id } = await engine.addDestination(source, receiver.url, {
      circuit: { ...circuit, threshold: 1, resetMs: 86_400_000 },
      retry,
    });
    const other = await engine.addSource();
    await engine.addDestination(other, neighbour.url, { circuit, retry });
    await engine.accept(source, { body: "0" });
    await eventually(() => expect(engine.destination(id).circuitOpenedAtMs).not.toBeNull());
    const waiting = await engine.accept(source, { body: "1" });
    await engine.until(await engine.accept(other), "succeeded");
    engine.clock.advance(3_600_000 + 9_000);
    await engine.roundTrip();
    expect((await engine.story(waiting)).deliveries[0]!.status).toBe("pending");
    engine.clock.advance(2_000);
    const { deliveries, attempts } = await engine.until(waiting, "failed");
    expect(deliveries).toMatchObject([{ status: "failed", reason: "circuit_open", attempts: 0 }]);
    expect(attempts).toEqual([]);
    expect(receiver.requests).toHaveLength(1);
    expect(engine.destination(id).failureCount).toBeGreaterThan(0);
  });

  test("an open circuit is open after a restart", async () => {
    await using receiver = await startReceiver();
    receiver.respondWith({ status: 500 });
    const first = await startEngine();
    const source = await first.addSource();
    const { id } = await first.addDestination(source, receiver.url, { circuit: { ...circuit, threshold: 1 }, retry });
    const eventId = await first.accept(source);
    await eventually(() => expect(first.destination(id).circuitOpenedAtMs).not.toBeNull());
    const openedAtMs = first.destination(id).circuitOpenedAtMs;
    await first.stop();
    const second = await startEngine({ directory: first.directory, clock: first.clock });
    expect(second.destination(id)).toMatchObject({ circuitFailures: 1, circuitOpenedAtMs: openedAtMs });
    second.clock.advance(30_000);
    await second.roundTrip();
    expect(receiver.requests).toHaveLength(1);
    receiver.respondWith({ status: 200 });
    second.clock.advance(31_000);
    await second.until(eventId, "succeeded");
  });
});
