import { expect, test } from "vitest";

import { createSteadyClock } from "../../src/retention/steady-clock.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** A clock whose two times a test moves. */
const handClock = () => {
  let nowMs = 1_800_000_000_000;
  let monotonicMs = 5_000;
  return {
    nowMs: () => nowMs,
    monotonicMs: () => monotonicMs,
    pass: (ms: number) => {
      nowMs += ms;
      monotonicMs += ms;
    },
    set: (byMs: number) => {
      nowMs += byMs;
    },
  };
};

test("time that goes by is believed, however much of it", () => {
  const clock = handClock();
  const isSteady = createSteadyClock(clock, clock.nowMs());
  expect(isSteady()).toBe(true);
  clock.pass(40 * 24 * hourMs);
  expect(isSteady()).toBe(true);
});

test("small corrections are believed", () => {
  const clock = handClock();
  const isSteady = createSteadyClock(clock, clock.nowMs());
  for (let count = 0; count < 200; count += 1) {
    clock.set(count % 2 === 0 ? 2_000 : -1_500);
    clock.pass(minuteMs);
    expect(isSteady()).toBe(true);
  }
});

test.for([365 * 24 * hourMs, -2 * hourMs])("a clock that was set by %i ms is believed after an hour", (byMs) => {
  const clock = handClock();
  const isSteady = createSteadyClock(clock, clock.nowMs());
  clock.set(byMs);
  expect(isSteady()).toBe(false);
  clock.pass(hourMs - minuteMs);
  expect(isSteady()).toBe(false);
  clock.pass(minuteMs);
  expect(isSteady()).toBe(true);
});

test("a clock that was set and set right again is believed an hour after that", () => {
  const clock = handClock();
  const isSteady = createSteadyClock(clock, clock.nowMs());
  clock.set(24 * hourMs);
  expect(isSteady()).toBe(false);
  clock.pass(30 * minuteMs);
  clock.set(-24 * hourMs);
  expect(isSteady()).toBe(false);
  clock.pass(45 * minuteMs);
  expect(isSteady()).toBe(false);
  clock.pass(15 * minuteMs);
  expect(isSteady()).toBe(true);
});

test.for([
  ["a machine that comes up with its clock far ahead", 400 * 24 * hourMs],
  ["one that was off for a few hours", 3 * hourMs],
])("%s is believed after an hour", ([, aheadMs]) => {
  const clock = handClock();
  const isSteady = createSteadyClock(clock, clock.nowMs() - Number(aheadMs));
  expect(isSteady()).toBe(false);
  clock.pass(hourMs - minuteMs);
  expect(isSteady()).toBe(false);
  clock.pass(minuteMs);
  expect(isSteady()).toBe(true);
});

test("a machine that comes up with its clock far ahead is believed an hour after that was set right", () => {
  const clock = handClock();
  const isSteady = createSteadyClock(clock, clock.nowMs() - 400 * 24 * hourMs);
  clock.pass(50 * minuteMs);
  clock.set(-400 * 24 * hourMs);
  expect(isSteady()).toBe(false);
  clock.pass(hourMs - minuteMs);
  expect(isSteady()).toBe(false);
  clock.pass(minuteMs);
  expect(isSteady()).toBe(true);
});

test.for([0, 30 * minuteMs, -24 * hourMs])("a start %i ms after what is known is believed at once", (aheadMs) => {
  const clock = handClock();
  expect(createSteadyClock(clock, clock.nowMs() - aheadMs)()).toBe(true);
});

test("a start after which nothing is known is believed after an hour", () => {
  const clock = handClock();
  const isSteady = createSteadyClock(clock, 0);
  expect(isSteady()).toBe(false);
  clock.pass(hourMs);
  expect(isSteady()).toBe(true);
});
