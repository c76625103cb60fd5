import * as fc from "fast-check";
import { expect, test } from "vitest";

import { createForwardTime } from "../../src/lib/forward-time.ts";

const startMs = 1_800_000_000_000;
const hourMs = 3_600_000;

/** A forward time over a clock that stands still until it is moved. */
const open = (afterMs = 0) => {
  const at = { wallMs: startMs, monotonicMs: 0 };
  const time = createForwardTime({ nowMs: () => at.wallMs, monotonicMs: () => at.monotonicMs }, afterMs);
  const pass = (ms: number): void => {
    at.wallMs += ms;
    at.monotonicMs += ms;
  };
  const jump = (ms: number): void => {
    at.wallMs += ms;
  };
  return { time, pass, jump };
};

test("it is wall time while nobody sets the clock", () => {
  const { time, pass } = open();
  for (const ms of [0, 1, 17, 1000, hourMs]) {
    pass(ms);
    const elapsedMs = time.nowMs() - startMs;
    expect(elapsedMs).toBeGreaterThanOrEqual(ms);
  }
  expect(time.nowMs()).toBe(startMs + 1 + 17 + 1000 + hourMs);
});

test("a clock that is set forward is followed at once", () => {
  const { time, jump } = open();
  jump(hourMs);
  expect(time.nowMs()).toBe(startMs + hourMs);
});

test("when the clock is set back, time goes on, a little slower, until the clock has caught up", () => {
  const { time, pass, jump } = open();
  jump(-hourMs);
  pass(1000);
  expect(time.nowMs()).toBe(startMs + 900);
  pass(10 * hourMs);
  expect(time.nowMs()).toBe(startMs + 9 * hourMs + 1000);
  pass(hourMs);
  expect(time.nowMs()).toBe(startMs + 10 * hourMs + 1000);
});

test("it starts at what an earlier process is known to have used", () => {
  const { time, pass } = open(startMs + hourMs);
  expect(time.nowMs()).toBe(startMs + hourMs);
  pass(1000);
  expect(time.nowMs()).toBe(startMs + hourMs + 900);
});

test("whatever happens to the clock, it never goes back, and never stands still for long", () => {
  const step = fc.record({ passMs: fc.nat(100_000), jumpMs: fc.integer({ min: -hourMs, max: hourMs }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { time, pass, jump } = open();
      let lastMs = time.nowMs();
      for (const { passMs, jumpMs } of steps) {
        jump(jumpMs);
        pass(passMs);
        const nowMs = time.nowMs();
        expect(nowMs - lastMs).toBeGreaterThanOrEqual(Math.floor(passMs * 0.9));
        lastMs = nowMs;
      }
    }),
  );
});
