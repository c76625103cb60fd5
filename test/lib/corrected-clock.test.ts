import fc from "fast-check";
import { expect, test } from "vitest";

import { createCorrectedClock } from "../../src/lib/corrected-clock.ts";
import { createTestClock } from "../support/clock.ts";

/** A clock that stands still until it is moved, and another one that is `apartMs` ahead of it. */
const still = (apartMs: number) => {
  const time = { wallMs: 1_700_000_000_000, monotonicMs: 5_000 };
  const own = { ...createTestClock(), nowMs: () => time.wallMs, monotonicMs: () => time.monotonicMs };
  const clock = createCorrectedClock(own);
  const pass = (ms: number): void => {
    time.wallMs += ms;
    time.monotonicMs += ms;
  };
  const read = (thereMs: number, backMs: number): void => {
    const sentAtMs = time.monotonicMs;
    pass(thereMs);
    const otherMs = time.wallMs + apartMs;
    pass(backMs);
    clock.follow({ otherMs, sentAtMs, receivedAtMs: time.monotonicMs });
  };
  return { time, clock, pass, read };
};

test("a clock shows its own time until it is compared with another", () => {
  const { clock, time } = still(300_000);
  expect(clock.nowMs()).toBe(time.wallMs);
});

test("a clock that is minutes off is right to half of the round trip, however that is divided", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(200), fc.nat(200), (apartMs, thereMs, backMs) => {
      const { clock, time, read } = still(apartMs);
      read(thereMs, backMs);
      expect(Math.abs(clock.nowMs() - (time.wallMs + apartMs))).toBeLessThanOrEqual((thereMs + backMs) / 2 + 1);
    }),
  );
});

test("later readings only make it better", () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(fc.tuple(fc.nat(200), fc.nat(200)), { minLength: 1 }), (apartMs, trips) => {
      const { clock, time, read } = still(apartMs);
      let offMs = Number.POSITIVE_INFINITY;
      for (const [thereMs, backMs] of trips) {
        read(thereMs, backMs);
        const nowOffMs = Math.abs(clock.nowMs() - (time.wallMs + apartMs));
        expect(nowOffMs).toBeLessThanOrEqual(offMs + 1);
        offMs = nowOffMs;
      }
    }),
  );
});

test("whoever sets the own clock changes nothing", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.nat(10_000), (jumpMs, passedMs) => {
      const { clock, time, pass, read } = still(0);
      read(1, 1);
      const beforeMs = clock.nowMs();
      time.wallMs += jumpMs;
      pass(passedMs);
      expect(clock.nowMs()).toBe(beforeMs + passedMs);
    }),
  );
});

test("a clock follows the other one when that is set", () => {
  const { clock, time, read } = still(0);
  read(1, 1);
  const [sentAtMs, otherMs] = [time.monotonicMs, time.wallMs - 3_600_000];
  clock.follow({ otherMs, sentAtMs, receivedAtMs: sentAtMs });
  expect(clock.nowMs()).toBe(otherMs);
});
