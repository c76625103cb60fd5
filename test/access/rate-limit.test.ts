import * as fc from "fast-check";
import { expect, test } from "vitest";

import { createRateLimit } from "../../src/access/rate-limit.ts";

/** Both clocks, moved by hand. */
const clockAt = (monotonicMs: number, nowMs: number) => {
  const at = { monotonicMs, nowMs };
  return {
    clock: { monotonicMs: () => at.monotonicMs, nowMs: () => at.nowMs },
    move: (ms: number) => {
      at.monotonicMs += ms;
      at.nowMs += ms;
    },
    setWall: (ms: number) => {
      at.nowMs = ms;
    },
  };
};

test("counts down to zero, then refuses until the window ends", () => {
  const { clock, move } = clockAt(120_000, 1_000_000_000_000);
  const take = createRateLimit(2, clock);
  const resetAtSeconds = 1_000_000_060;
  expect(take("a")).toEqual({ kind: "allowed", limit: 2, remaining: 1, resetAtSeconds, resetAfterSeconds: 60 });
  move(20_500);
  const standing = { limit: 2, remaining: 0, resetAtSeconds, resetAfterSeconds: 40 };
  expect(take("a")).toEqual({ kind: "allowed", ...standing });
  expect(take("a")).toEqual({ kind: "limited", ...standing, retryAfterSeconds: 40 });
  move(39_499);
  expect(take("a")).toMatchObject({ kind: "limited", retryAfterSeconds: 1 });
  move(1);
  const fresh = { limit: 2, remaining: 1, resetAtSeconds: resetAtSeconds + 60, resetAfterSeconds: 60 };
  expect(take("a")).toEqual({ kind: "allowed", ...fresh });
});

test("each team has a budget of its own", () => {
  const take = createRateLimit(1, clockAt(0, 0).clock);
  expect(take("a").kind).toBe("allowed");
  expect(take("b").kind).toBe("allowed");
  expect(take("a").kind).toBe("limited");
});

test("0 switches it off", () => {
  const take = createRateLimit(0, clockAt(0, 0).clock);
  for (let count = 0; count < 5_000; count += 1) expect(take("a")).toEqual({ kind: "unlimited" });
});

test("a wall clock that jumps neither opens a window early nor keeps one shut", () => {
  const { clock, move, setWall } = clockAt(0, 1_000_000);
  const take = createRateLimit(1, clock);
  take("a");
  setWall(9_000_000_000);
  expect(take("a").kind).toBe("limited");
  setWall(0);
  move(60_000);
  expect(take("a").kind).toBe("allowed");
});

test("never lets more than the limit through in one window, however requests are spread", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(30_000), { maxLength: 200 }), (limit, gapsMs) => {
      const { clock, move } = clockAt(0, 0);
      const take = createRateLimit(limit, clock);
      const passed = new Map<number, number>();
      for (const gapMs of gapsMs) {
        move(gapMs);
        const window = Math.floor(clock.monotonicMs() / 60_000);
        if (take("a").kind === "allowed") passed.set(window, (passed.get(window) ?? 0) + 1);
      }
      expect(Math.max(0, ...passed.values())).toBeLessThanOrEqual(limit);
    }),
  );
});

test("memory is bounded: the teams seen longest ago are forgotten", () => {
  const take = createRateLimit(1, clockAt(0, 0).clock);
  take("first");
  for (let team = 0; team < 10_000; team += 1) take(`team ${team}`);
  expect(take("first").kind).toBe("allowed");
  expect(take("team 9999").kind).toBe("limited");
});
