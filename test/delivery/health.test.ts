import fc from "fast-check";
import { expect, test } from "vitest";

import type { HealthSign } from "../../src/delivery/decide.ts";
import { afterSign, failuresMax, type Health } from "../../src/delivery/health.ts";

const healthy: Health = { enabled: true, enabling: 2, failureCount: 0, disabledReason: null };
const after = (signs: readonly HealthSign[], from: Health = healthy): Health => signs.reduce(afterSign, from);
const times = (count: number, sign: HealthSign): HealthSign[] => Array.from({ length: count }, () => sign);

test("ten deliveries in a row that ran out of attempts switch a destination off", () => {
  expect(failuresMax).toBe(10);
  expect(after(times(9, "exhausted"))).toEqual({ ...healthy, failureCount: 9 });
  expect(after(times(10, "exhausted"))).toEqual({
    enabled: false,
    enabling: 3,
    failureCount: 10,
    disabledReason: "failures",
  });
});

test("a success in between starts the count anew, and nothing else does", () => {
  expect(after([...times(9, "exhausted"), "works"])).toEqual(healthy);
  expect(after([...times(9, "exhausted"), "works", ...times(9, "exhausted")]).enabled).toBe(true);
  expect(after([...times(9, "exhausted"), "none", "none", "exhausted"]).enabled).toBe(false);
});

test("410 switches it off at once", () => {
  expect(after(["gone"])).toEqual({ enabled: false, enabling: 3, failureCount: 1, disabledReason: "gone" });
});

test("one that is switched on again goes on with its count, so that one more failure is enough", () => {
  const off = after(times(10, "exhausted"));
  expect(after(["exhausted"], { ...off, enabled: true, disabledReason: null })).toMatchObject({
    enabled: false,
    failureCount: 11,
  });
  expect(after(["works"], { ...off, enabled: true, disabledReason: null })).toEqual({ ...healthy, enabling: 3 });
});

test("what changes nothing gives the same object, so that nothing is written", () => {
  expect(after(["none"])).toBe(healthy);
  expect(after(["works"])).toBe(healthy);
});

test("it is off exactly when ten failures stand in a row somewhere", () => {
  const signs = fc.array(
    fc.constantFrom<HealthSign>("exhausted", "exhausted", "exhausted", "exhausted", "works", "none"),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(signs, (story) => {
      let row = 0;
      const endsAt = story.findIndex((sign) => {
        if (sign === "works") row = 0;
        if (sign === "exhausted") row += 1;
        return row === 10;
      });
      const seen = endsAt === -1 ? story : story.slice(0, endsAt + 1);
      expect(after(seen).enabled).toBe(endsAt === -1);
    }),
    { numRuns: 300 },
  );
});
