import { describe, expect, test } from "vitest";

import { mostInASecond } from "../../faults/nodes/order.ts";
import { acceptMany, numberOf, progressOf, replayedRows, startBulk, untilReplay, withEvents } from "../support/bulk.ts";
import { type Engine, eventually } from "../support/engine.ts";
import { createGate } from "../support/gate.ts";
import { startReceiver } from "../support/receiver.ts";
import { select } from "../support/store.ts";

/** When attempts began, oldest first. */
const sentMs = async ({ store }: Engine): Promise<number[]> =>
  (await select<{ at: number }>(store, "select started_at_ms as at from attempts order by started_at_ms")).map(
    ({ at }) => at,
  );

describe("a bulk replay with a rate", () => {
  test("keeps it in any second, also once a receiver that was slow is quick again", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source } = await withEvents(300);
    await engine.addDestination(source, receiver.url);
    const replay = await startBulk(engine, source, { ratePerSecond: 100 });
    await eventually(async () => expect((await progressOf(engine, replay)).queued).toBeGreaterThan(150));
    gate.open();
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ queued: 300, succeeded: 300 });
    expect(mostInASecond(await sentMs(engine))).toBeLessThanOrEqual(103);
  });

  test("keeps it with what is tried again", async () => {
    const seen = new Set<number>();
    await using receiver = await startReceiver((request, response) => {
      const number = numberOf(request);
      response.writeHead(seen.has(number) ? 200 : 500).end();
      seen.add(number);
    });
    const { engine, source } = await withEvents(60);
    await engine.addDestination(source, receiver.url, { retryScheduleSeconds: [1] });
    const replay = await startBulk(engine, source, { ratePerSecond: 40 });
    expect(await untilReplay(engine, replay, "completed")).toMatchObject({ queued: 60, succeeded: 60 });
    const times = await sentMs(engine);
    expect(times).toHaveLength(120);
    expect(mostInASecond(times)).toBeLessThanOrEqual(41);
  });

  test("leaves the rest of the lane to another one, and to what arrives", async () => {
    await using receiver = await startReceiver();
    const { engine, source } = await withEvents(40);
    await engine.addDestination(source, receiver.url);
    const slow = await startBulk(engine, source, { ratePerSecond: 1 });
    const quick = await startBulk(engine, source);
    expect(await untilReplay(engine, quick, "completed")).toMatchObject({ succeeded: 40 });
    const [live] = await acceptMany(engine, source, 1, { type: "live", first: 100 });
    await engine.until(live!, "succeeded");
    expect((await progressOf(engine, slow)).queued).toBeLessThan(40);
  });

  test("has no more than a second's worth in a lane that keeps the order: what arrives stands behind it", async () => {
    const gate = createGate();
    await using receiver = await startReceiver(gate.answer);
    const { engine, source } = await withEvents(40);
    await engine.addDestination(source, receiver.url, { ordered: true, timeoutMs: 60_000 });
    const replay = await startBulk(engine, source, { ratePerSecond: 8 });
    await eventually(async () => expect((await progressOf(engine, replay)).queued).toBe(8));
    engine.clock.advance(3_000);
    await engine.roundTrip();
    expect(await replayedRows(engine)).toHaveLength(8);
    await acceptMany(engine, source, 1, { type: "live", first: 100 });
    gate.open();
    await eventually(() => expect(receiver.requests.map(numberOf)).toContain(100));
    expect(receiver.requests.map(numberOf).indexOf(100)).toBe(8);
  });
});
