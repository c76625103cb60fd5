import { expect, test } from "vitest";

import { createIds, idFloor, idTimeMs } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";

const random = createSystemRandom();
const startMs = 1_800_000_000_000;

const isRising = (ids: readonly string[]): boolean => ids.every((id, at) => at === 0 || id > ids[at - 1]!);

test("ids rise while the clock stands still, goes back and goes on", () => {
  let nowMs = startMs;
  const ids = createIds({ nowMs: () => nowMs }, random);
  const made = Array.from({ length: 20_000 }, (_, at) => {
    if (at === 10_000) nowMs -= 3_600_000;
    if (at === 15_000) nowMs += 7_200_000;
    return ids.next();
  });
  expect(isRising(made)).toBe(true);
  expect(idTimeMs(made[0]!)).toBe(startMs);
  expect(idTimeMs(made.at(-1)!)).toBe(startMs + 3_600_000 + 1);
});

test.for([-3_600_000, -1, 0])(
  "a maker whose clock starts %i ms after the ids of another goes on after all of them",
  (byMs) => {
    let nowMs = startMs;
    const before = createIds({ nowMs: () => nowMs }, random);
    const older = Array.from({ length: 3_000 }, () => before.next());
    nowMs += byMs;
    const after = createIds({ nowMs: () => nowMs }, random, idTimeMs(older.at(-1)!));
    const newer = Array.from({ length: 3_000 }, () => after.next());
    expect(isRising([...older, ...newer])).toBe(true);
    expect(newer[0]! > idFloor(startMs + 1)).toBe(true);
  },
);

test("a maker whose clock is ahead of the ids of another has its own time", () => {
  const ids = createIds({ nowMs: () => startMs }, random, startMs - 1);
  expect(idTimeMs(ids.next())).toBe(startMs);
});
