import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  nextWaitMs,
  readRetryAfterMs,
  retryAfterMsMax,
  retryPolicyOf,
  shownRetry,
  shownSchedule,
} from "../../src/delivery/retry-policy.ts";
import { plainDestination, type Retry } from "../../src/routing/destination.ts";

const krafter = retryPolicyOf({ ...plainDestination, dialect: "krafter", retryScheduleSeconds: null });

describe("the published schedule", () => {
  test.for([
    [1, 17_000],
    [2, 19_000],
    [3, 23_000],
    [4, 31_000],
  ])("waits after attempt %i for %i ms, and up to a tenth more", ([attemptsMade, waitMs]) => {
    const wait = (random: number) => nextWaitMs(krafter, { attemptsMade: attemptsMade!, retryAfterMs: 0, random });
    expect(wait(0)).toBe(waitMs);
    expect(wait(0.5)).toBe(Math.round(waitMs! * 1.05));
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (random) => {
        expect(wait(random)).toBeGreaterThanOrEqual(waitMs!);
        expect(wait(random)).toBeLessThanOrEqual(waitMs! * 1.1);
      }),
    );
  });

  test("is five attempts", () => {
    expect(nextWaitMs(krafter, { attemptsMade: 5, retryAfterMs: 0, random: 0 })).toBeNull();
    expect(nextWaitMs(krafter, { attemptsMade: 5, retryAfterMs: 90_000, random: 0 })).toBeNull();
  });

  test("of the other dialect is its own", () => {
    const { waitsMs } = retryPolicyOf({ ...plainDestination, dialect: "hookstream", retryScheduleSeconds: null });
    expect(waitsMs).toEqual([30, 300, 1800, 7200, 86_400].map((seconds) => seconds * 1000));
  });
});

test("Retry-After never shortens a wait, and lengthens it by at most an hour", () => {
  const times = fc.record({
    attemptsMade: fc.integer({ min: 1, max: 4 }),
    retryAfterMs: fc.nat({ max: 10 ** 9 }),
    random: fc.constantFrom(0, 0.3, 0.999),
  });
  fc.assert(
    fc.property(times, (time) => {
      const plain = nextWaitMs(krafter, { ...time, retryAfterMs: 0 })!;
      const asked = nextWaitMs(krafter, time)!;
      expect(asked).toBe(Math.max(plain, Math.min(time.retryAfterMs, retryAfterMsMax)));
    }),
  );
  expect(retryAfterMsMax).toBe(3_600_000);
});

test.for([
  [undefined, null],
  ["", null],
  ["0", 0],
  ["120", 120_000],
  [" 7 ", 7000],
  ["999999999", 999_999_999_000],
  ["9999999999", null],
  ["-1", null],
  ["1.5", null],
  ["1e3", null],
  ["soon", null],
  ["2027", 2_027_000],
  ["Fri, 15 Jan 2027 08:00:30 GMT", 30_000],
  ["Friday, 15-Jan-27 08:01:00 GMT", 60_000],
  ["Fri Jan 15 08:00:10 2027 GMT", 10_000],
  ["Fri, 15 Jan 2027 07:59:00 GMT", 0],
  ["2027-01-15T08:00:30Z", null],
  ["Fri, 99 Foo 2027", null],
] as const)("Retry-After %j is %j ms", ([value, expected]) => {
  expect(readRetryAfterMs(value, Date.UTC(2027, 0, 15, 8, 0, 0))).toBe(expected);
});

describe("backoffs", () => {
  const published = [30, 300, 1_800, 7_200, 86_400];
  const policyOf = (retry: Partial<Retry>, retryScheduleSeconds: readonly number[] | null = null) =>
    retryPolicyOf({ dialect: "hookstream", retryScheduleSeconds, retry: { ...plainDestination.retry, ...retry } });

  test.for<[Partial<Retry>, readonly number[]]>([
    [{ backoff: "exponential" }, published],
    [{ backoff: "exponential", retriesMax: 2 }, [30, 300]],
    [{ backoff: "exponential", retriesMax: 7 }, [...published, 86_400, 86_400]],
    [{ backoff: "exponential", intervalsSeconds: [5, 10], retriesMax: 5 }, [5, 10, 10, 10, 10]],
    [{ backoff: "exponential", intervalsSeconds: [5, 10] }, [5, 10]],
    [{ backoff: "linear", retriesMax: 5 }, [30, 60, 90, 120, 150]],
    [{ backoff: "linear", intervalsSeconds: [7, 1], retriesMax: 3 }, [7, 14, 21]],
    [{ backoff: "fixed", retriesMax: 3 }, [30, 30, 30]],
    [{ backoff: "fixed", intervalsSeconds: [2], retriesMax: 10 }, Array.from({ length: 10 }, () => 2)],
    [{ backoff: "fixed", enabled: false }, []],
    [{ enabled: false }, []],
  ])("%j waits exactly %j seconds", ([retry, seconds]) => {
    const policy = policyOf(retry);
    expect(policy.waitsMs).toEqual(seconds.map((each) => each * 1000));
    const waits = seconds.map((_, made) =>
      nextWaitMs(
        { ...policy, jitter: retry.backoff === undefined ? 0 : policy.jitter },
        { attemptsMade: made + 1, retryAfterMs: 0, random: 0.999 },
      ),
    );
    expect(waits).toEqual(policy.waitsMs);
    expect(nextWaitMs(policy, { attemptsMade: seconds.length + 1, retryAfterMs: 0, random: 0 })).toBeNull();
  });

  test("a schedule of the other API is shown as the intervals that it is", () => {
    const shown = shownRetry({ dialect: "krafter", retryScheduleSeconds: [1, 2], retry: plainDestination.retry });
    expect(shown).toEqual({ backoff: "exponential", intervalsSeconds: [1, 2], retriesMax: 2 });
    const retry = { ...plainDestination.retry, backoff: "linear", intervalsSeconds: [9, 8], retriesMax: 3 } as const;
    expect(shownRetry({ dialect: "hookstream", retryScheduleSeconds: null, retry })).toEqual({
      backoff: "linear",
      intervalsSeconds: [9, 8],
      retriesMax: 3,
    });
  });

  test.for([
    ["krafter", null, {}, null],
    ["krafter", [1, 2], {}, [1, 2]],
    ["krafter", [], {}, []],
    ["krafter", null, { enabled: false }, []],
    ["krafter", [1, 2], { backoff: "fixed", intervalsSeconds: [5], retriesMax: 3 }, [5, 5, 5]],
    ["krafter", null, { retriesMax: 2 }, [17, 19]],
    ["hookstream", null, {}, [30, 300, 1_800, 7_200, 86_400]],
    ["hookstream", null, { backoff: "exponential", retriesMax: 7 }, [30, 300, 1_800, 7_200, 86_400, 86_400, 86_400]],
    ["hookstream", null, { backoff: "linear", intervalsSeconds: [7], retriesMax: 2, enabled: false }, []],
  ] as const)("of %s with %j and %j is shown as the schedule %j", ([dialect, retryScheduleSeconds, over, shown]) => {
    const retry = { ...plainDestination.retry, ...over };
    expect(shownSchedule({ dialect, retryScheduleSeconds, retry })).toEqual(shown);
  });
});
