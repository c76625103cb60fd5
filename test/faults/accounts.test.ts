import { describe, expect, test } from "vitest";

import type { Account } from "../../faults/fault.ts";
import { longestGapMs } from "../../faults/gap.ts";
import { OptionsError, readOptions } from "../../faults/options.ts";
import { createPromises, keepAccount } from "../../faults/promises.ts";
import { isKept, type Outcome, reportOf } from "../../faults/report.ts";

const acked = (number: number, ackedMs: number) => ({ number, ackedMs });
const arrival = (number: number, atMs: number) => ({ number, atMs });
const span = { fromMs: 0, untilMs: 100 };

describe("the longest gap", () => {
  test.for([
    ["lasts from the acknowledgement of what waits", [acked(1, 10)], [arrival(1, 15)], 5],
    ["starts again with each arrival", [acked(1, 10), acked(2, 10)], [arrival(1, 15), arrival(2, 30)], 15],
    ["is none while nothing waits", [acked(1, 10), acked(2, 80)], [arrival(1, 11), arrival(2, 82)], 2],
    ["is none when a delivery comes before its acknowledgement", [acked(1, 10)], [arrival(1, 9)], 0],
    ["lasts until the end when something never comes", [acked(1, 40)], [], 60],
    ["lasts from the last arrival when something never comes", [acked(1, 40), acked(2, 41)], [arrival(2, 90)], 50],
  ] as const)("%s", ([, acknowledged, arrivals, gapMs]) => {
    expect(longestGapMs(acknowledged, arrivals, span)).toBe(gapMs);
  });

  test("counts from the fault on", () => {
    expect(longestGapMs([acked(1, 0)], [arrival(1, 90)], { fromMs: 70, untilMs: 100 })).toBe(20);
  });
});

const account: Account = {
  acknowledged: 10,
  lost: 0,
  stuck: 0,
  duplicates: 2,
  duplicatesMax: 2,
  longestGapMs: 5,
  restarts: 1,
};

describe("a promise is broken by", () => {
  test.for([
    ["nothing of this", {}, 0],
    ["one event that is lost", { lost: 1 }, 1],
    ["one that is stuck", { stuck: 1 }, 1],
    ["one duplicate more than were under way", { duplicates: 3 }, 1],
  ] as const)("%s", ([, changes, count]) => {
    const promises = createPromises();
    keepAccount(promises, { ...account, ...changes });
    expect(promises.broken.length).toBe(count);
  });
});

const outcomeOf = (broken: readonly string[]): Outcome => ({
  fault: { name: "sample", title: "a sample" },
  tookMs: 1_000,
  result: { account, figures: [{ name: "measured alone", value: 12.5, unit: "ms" }], broken },
});

test("the report says what was counted, what one fault alone measures, and what did not hold", () => {
  const text = reportOf([outcomeOf(["something was lost"])]);
  expect(text).toContain("| sample | 10 ");
  expect(text).toContain("measured alone | 12.5 ms");
  expect(text).toContain("sample: something was lost");
});

test("a fault counts as kept only when it ran to its end and broke nothing", () => {
  const { fault, tookMs } = outcomeOf([]);
  expect(isKept(outcomeOf([]))).toBe(true);
  expect(isKept(outcomeOf(["something was lost"]))).toBe(false);
  expect(isKept({ fault, tookMs, failure: "Error: the gateway ended with 1" })).toBe(false);
});

test("the command line names faults, and refuses those that there are not", () => {
  expect(readOptions(["kills", "clock", "--quick"])).toMatchObject({
    scale: "short",
    faults: [{ name: "kills" }, { name: "clock" }],
  });
  expect(readOptions(["--help"])).toBe(null);
  expect(() => readOptions(["nothing"])).toThrow(OptionsError);
});
