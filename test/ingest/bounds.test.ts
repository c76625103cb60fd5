import { createHmac } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ByteBudget } from "../../src/ingest/byte-budget.ts";
import { watchDiskFloor } from "../../src/ingest/disk-floor.ts";
import { WindowCount } from "../../src/ingest/window-count.ts";
import { createTestClock } from "../support/clock.ts";
import { eventually, startEngine } from "../support/engine.ts";
import { ids } from "../support/records.ts";
import { select } from "../support/store.ts";

describe("a budget of bytes", () => {
  test("gives what there is, all of it, and takes it back", () => {
    const whole = new ByteBudget(200);
    const budget = whole.shareOf("a source");
    expect([budget.take(60), budget.take(41), budget.take(40), budget.take(1), budget.take(0)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    budget.give(40);
    expect([whole.usedBytes, budget.take(41), budget.take(40)]).toEqual([60, false, true]);
  });

  test("is never passed, and is whole again when everything was given back", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 60 })), (asked) => {
        const whole = new ByteBudget(200);
        const budget = whole.shareOf("a source");
        const given = asked.filter((bytes) => budget.take(bytes));
        expect(whole.usedBytes).toBeLessThanOrEqual(100);
        for (const bytes of given) budget.give(bytes);
        expect(whole.usedBytes).toBe(0);
      }),
    );
  });
});

describe("a count in spans of time", () => {
  const source = ids.next();
  const open = () => {
    let nowMs = 0;
    const count = new WindowCount({ monotonicMs: () => nowMs }, 1000);
    return {
      count,
      at: (ms: number) => {
        nowMs = ms;
      },
    };
  };

  test("lets so many events through, says how long the span lasts, and begins anew", () => {
    const { count, at } = open();
    const limit = { eventsMax: 2, bytesMax: 1000 };
    at(100);
    expect([count.take(source, 1, limit), count.take(source, 1, limit), count.take(source, 1, limit)]).toEqual([
      0, 0, 1000,
    ]);
    at(1050);
    expect(count.take(source, 1, limit)).toBe(50);
    at(1100);
    expect([count.take(source, 1, limit), count.take(source, 1, limit), count.take(source, 1, limit)]).toEqual([
      0, 0, 1000,
    ]);
  });

  test("lets so many bytes through; a small one fits where a large one does not", () => {
    const { count } = open();
    const limit = { eventsMax: 100, bytesMax: 1000 };
    expect([
      count.take(source, 600, limit),
      count.take(source, 401, limit),
      count.take(source, 400, limit),
      count.take(source, 1, limit),
    ]).toEqual([0, 1000, 0, 1000]);
  });

  test("counts each source for itself", () => {
    const { count } = open();
    const limit = { eventsMax: 1, bytesMax: 10 };
    const other = ids.next();
    expect([count.take(source, 1, limit), count.take(other, 1, limit), count.take(source, 1, limit)]).toEqual([
      0, 0, 1000,
    ]);
  });
});

test("the slow senders of one source leave half of the bytes to all others", () => {
  const budget = new ByteBudget(100);
  const greedy = budget.shareOf("greedy");
  const other = budget.shareOf("other");
  expect([greedy.take(50), greedy.take(1), other.take(50), other.take(1)]).toEqual([true, false, true, false]);
  greedy.give(10);
  expect([greedy.take(11), other.take(10), greedy.take(10)]).toEqual([false, false, true]);
  expect(budget.usedBytes).toBe(100);
});

describe("what a forger can make a source keep in an hour", () => {
  const signed = { provider: "github", signingSecret: "hush", requireSignature: true } as const;

  test("is a thousand events: what is above is dropped, and valid ones are not counted", async () => {
    const engine = await startEngine();
    const source = await engine.addSource(signed);
    const other = await engine.addSource(signed);
    const forge = (count: number) => Promise.all(Array.from({ length: count }, () => engine.take(source)));
    const kinds = (await forge(1005)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "stored")).toHaveLength(1000);
    expect(kinds.filter((kind) => kind === "dropped")).toHaveLength(5);
    expect((await engine.take(other)).kind).toBe("stored");
    const signature = `sha256=${createHmac("sha256", "hush").update("{}").digest("hex")}`;
    const headers = [["x-hub-signature-256", signature]] as const;
    expect(await engine.take(source, { body: "{}", headers })).toMatchObject({ kind: "stored", valid: true });

    engine.clock.advance(3_600_000);
    expect((await forge(1))[0]).toMatchObject({ kind: "stored", valid: false });
    const [row] = await select<{ count: number }>(
      engine.store,
      "select count(*) as count from events where quarantined = 1",
    );
    expect(row!.count).toBe(1002);
  });

  test("is 16 MiB", async () => {
    const engine = await startEngine();
    const source = await engine.addSource(signed);
    const body = Buffer.alloc(3 * 1024 * 1024);
    const kinds: string[] = [];
    for (let sent = 0; sent < 6; sent += 1) kinds.push((await engine.take(source, { body })).kind);
    expect(kinds).toEqual(["stored", "stored", "stored", "stored", "stored", "dropped"]);
  });

  test("does not bound a source that forwards whatever comes", async () => {
    const engine = await startEngine();
    const source = await engine.addSource({ ...signed, requireSignature: false });
    const receipts = await Promise.all(Array.from({ length: 1010 }, () => engine.take(source)));
    expect(new Set(receipts.map(({ kind }) => kind))).toEqual(new Set(["stored"]));
  });
});

test("a source's rate counts what it sends in a minute, whatever becomes of it", async () => {
  const engine = await startEngine();
  const source = await engine.addSource({
    rateLimitPerMinute: 3,
    provider: "github",
    signingSecret: "hush",
    requireSignature: true,
  });
  const kinds: string[] = [];
  for (let sent = 0; sent < 5; sent += 1) kinds.push((await engine.take(source)).kind);
  expect(kinds).toEqual(["stored", "stored", "stored", "rate_limited", "rate_limited"]);
  expect(await engine.take(source)).toMatchObject({ retryAfterMs: expect.closeTo(60_000, -4) });
  engine.clock.advance(60_000);
  expect((await engine.take(source)).kind).toBe("stored");
});

test("ten thousand arrivals may wait for their commit; more are told to come again", async () => {
  const engine = await startEngine();
  const source = await engine.addSource();
  const receipts = await Promise.all(Array.from({ length: 10_020 }, () => engine.take(source)));
  const kinds = receipts.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "overloaded")).toHaveLength(20);
  expect(kinds.filter((kind) => kind === "stored")).toHaveLength(10_000);
  expect((await engine.take(source)).kind).toBe("stored");
});

describe("invariant 12: the floor under the free disk space", () => {
  const watch = async (freeBytes: () => number | Error, freeBytesMin: number) => {
    const clock = createTestClock();
    const told: string[] = [];
    const floor = await watchDiskFloor(
      {
        store: {
          freeBytes: async () => {
            const free = freeBytes();
            if (free instanceof Error) throw free;
            return free;
          },
        },
        clock,
        observer: {
          storeShortOfDisk: ({ freeBytes: free }) => told.push(`short: ${free}`),
          storeHasDisk: ({ freeBytes: free }) => told.push(`enough: ${free}`),
          faulted: ({ task }) => told.push(task),
        },
      },
      freeBytesMin,
    );
    return { floor, clock, told };
  };

  test("is looked at again and again, and each change is told once", async () => {
    let free: number | Error = 1000;
    let looks = 0;
    const { floor, clock, told } = await watch(() => {
      looks += 1;
      return free;
    }, 500);
    const look = async (now: number | Error): Promise<boolean> => {
      free = now;
      const before = looks;
      clock.advance(5000);
      await eventually(() => expect([looks, clock.pendingTimers]).toEqual([before + 1, 1]));
      return floor.isShort();
    };
    expect(floor.isShort()).toBe(false);
    expect([await look(499), await look(100), await look(500), await look(600)]).toEqual([true, true, false, false]);
    expect(told).toEqual(["short: 499", "enough: 500"]);
    // Whoever cannot look keeps to what was seen last.
    expect([
      await look(new Error("no such directory")),
      await look(1),
      await look(new Error("again")),
      await look(1),
    ]).toEqual([false, true, true, true]);
    floor.stop();
    expect(clock.pendingTimers).toBe(0);
  });
});
