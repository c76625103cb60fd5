import fc from "fast-check";
import { expect, test } from "vitest";

import { periodMs, RateWindow } from "../../src/delivery/rate.ts";
import type { RatePeriod } from "../../src/routing/destination.ts";

const periods: readonly RatePeriod[] = ["second", "minute", "hour"];

test("without a limit nothing waits", () => {
  const window = new RateWindow();
  for (let sent = 0; sent < 1000; sent += 1) expect(window.take({ rateLimit: null, ratePeriod: null }, 5)).toBe(0);
});

test("a burst up to the limit goes at once, what follows waits until the first is a period old", () => {
  const window = new RateWindow();
  const rate = { rateLimit: 3, ratePeriod: "second" } as const;
  const waits = [0, 10, 20, 30, 999, 1000, 1001, 1010].map((atMs) => window.take(rate, atMs));
  expect(waits).toEqual([0, 0, 0, 970, 1, 0, 9, 0]);
});

test("what is sent later than it was taken counts from when it is sent", () => {
  const window = new RateWindow();
  const rate = { rateLimit: 2, ratePeriod: "second" } as const;
  expect([0, 0].map((atMs) => window.take(rate, atMs))).toEqual([0, 0]);
  window.sends(0, 300);
  window.sends(0, 400);
  expect([1_000, 1_300, 1_350, 1_400].map((atMs) => window.take(rate, atMs))).toEqual([300, 0, 50, 0]);
});

test("invariant: never more than the limit goes out in any second, however long each was read, up to a second", () => {
  const delays = fc.array(fc.tuple(fc.nat(60), fc.nat(999)), { maxLength: 80 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 }), delays, (rateLimit, steps) => {
      const window = new RateWindow();
      const pending: { takenAtMs: number; dueMs: number }[] = [];
      const sent: number[] = [];
      let nowMs = 0;
      const sendUntil = (untilMs: number): void => {
        pending.sort((a, b) => a.dueMs - b.dueMs);
        while (pending.length > 0 && pending[0]!.dueMs <= untilMs) {
          const { takenAtMs, dueMs } = pending.shift()!;
          window.sends(takenAtMs, dueMs);
          sent.push(dueMs);
        }
      };
      for (const [stepMs, delayMs] of steps) {
        nowMs += stepMs;
        for (;;) {
          sendUntil(nowMs);
          const waitMs = window.take({ rateLimit, ratePeriod: "second" }, nowMs);
          if (waitMs === 0) break;
          nowMs += waitMs;
        }
        pending.push({ takenAtMs: nowMs, dueMs: nowMs + delayMs });
      }
      sendUntil(Infinity);
      expect(mostInAnySpan(sent, periodMs.second)).toBeLessThanOrEqual(rateLimit);
    }),
  );
});

/** Whether somewhere a span of the period, wherever it begins, holds more than the limit. */
const mostInAnySpan = (sentAtMs: readonly number[], spanMs: number): number =>
  Math.max(
    0,
    ...sentAtMs.map((startMs) => sentAtMs.filter((atMs) => atMs >= startMs && atMs < startMs + spanMs).length),
  );

const moments = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 120 });

test("invariant: never more than the limit in any span of the period, wherever it begins", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...periods),
      fc.integer({ min: 1, max: 7 }),
      moments,
      (ratePeriod, rateLimit, steps) => {
        const window = new RateWindow();
        const sent: number[] = [];
        let nowMs = 100;
        for (const step of steps) {
          nowMs += (step * periodMs[ratePeriod]) / 3;
          const waitMs = window.take({ rateLimit, ratePeriod }, nowMs);
          if (waitMs === 0) sent.push(nowMs);
          // Whoever waits as long as it is told may go: the bound is exact in both directions.
          else {
            nowMs += waitMs;
            expect(window.take({ rateLimit, ratePeriod }, nowMs)).toBeLessThan(0.001);
            sent.push(nowMs);
          }
        }
        expect(mostInAnySpan(sent, periodMs[ratePeriod] - 0.001)).toBeLessThanOrEqual(rateLimit);
      },
    ),
    { numRuns: 300 },
  );
});

test("a limit that is lowered holds at once, and one that is raised lets no more through than the new one", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      moments,
      moments,
      (before, after, first, second) => {
        const window = new RateWindow();
        const sent: number[] = [];
        let nowMs = 0;
        const run = (rateLimit: number, steps: readonly number[]): void => {
          for (const step of steps) {
            nowMs += step * 400;
            if (window.take({ rateLimit, ratePeriod: "second" }, nowMs) === 0) sent.push(nowMs);
          }
        };
        run(before, first);
        const changedAt = sent.length;
        run(after, second);
        expect(mostInAnySpan(sent, 1000)).toBeLessThanOrEqual(Math.max(before, after));
        const later = sent.slice(Math.max(0, changedAt - after));
        expect(mostInAnySpan(later, 1000)).toBeLessThanOrEqual(after);
      },
    ),
    { numRuns: 300 },
  );
});

test("what another process sent is taken to be all that it might: for a second nothing goes, and then the whole limit", () => {
  const window = new RateWindow(1_000);
  const rate = { rateLimit: 2, ratePeriod: "second" } as const;
  const waits = [1_000, 1_999, 2_000, 2_000, 2_000].map((atMs) => window.take(rate, atMs));
  expect(waits).toEqual([1_000, 1, 0, 0, 1_000]);
});

test("after another process, what has an hour's limit goes evenly for an hour", () => {
  const window = new RateWindow(0);
  const rate = { rateLimit: 4, ratePeriod: "hour" } as const;
  const quarterMs = periodMs.hour / 4;
  const waits = [0, quarterMs, quarterMs, 2 * quarterMs].map((atMs) => window.take(rate, atMs));
  expect(waits).toEqual([quarterMs, 0, quarterMs, 0]);
});

test("what another process sent long ago counts for nothing", () => {
  const window = new RateWindow(0);
  const rate = { rateLimit: 2, ratePeriod: "minute" } as const;
  expect([60_000, 60_000].map((atMs) => window.take(rate, atMs))).toEqual([0, 0]);
});
