import { expect, test } from "vitest";

import { ReplayRates } from "../../src/delivery/replay-rates.ts";
import { newPending } from "../support/records.ts";

const workOf = (replayId: string | null, destinationId = "d") => ({
  delivery: { ...newPending({ destinationId }), replayId },
});

test("what no bulk replay made, and what one without a rate made, never waits", () => {
  const rates = new ReplayRates((replayId) => (replayId === "paced" ? 1 : null));
  for (const work of [workOf(null), workOf("free")]) {
    for (let count = 0; count < 10; count += 1) expect([rates.waitMs(work, 0), rates.take(work, 0)]).toEqual([0, null]);
  }
});

test("a rate counts for each destination by itself, and a look takes nothing", () => {
  const rates = new ReplayRates(() => 2);
  const [one, other] = [workOf("r", "one"), workOf("r", "other")];
  for (let count = 0; count < 5; count += 1) expect(rates.waitMs(one, 0)).toBe(0);
  rates.take(one, 0);
  rates.take(one, 400);
  expect([rates.waitMs(one, 500), rates.waitMs(other, 500), rates.waitMs(one, 1_000)]).toEqual([500, 0, 0]);
});

test("what is sent later than it was taken counts from then on", () => {
  const rates = new ReplayRates(() => 1);
  const work = workOf("r");
  rates.take(work, 0)?.sends(0, 300);
  expect(rates.waitMs(work, 1_000)).toBe(300);
});

test("a hundred a second may become three more, and what has ended is forgotten", () => {
  const known = new Map([["r", 100]]);
  const rates = new ReplayRates((replayId) => known.get(replayId) ?? null);
  for (let count = 0; count < 103; count += 1) {
    expect(rates.waitMs(workOf("r"), 0)).toBe(0);
    rates.take(workOf("r"), 0);
  }
  expect(rates.waitMs(workOf("r"), 0)).toBe(1_000);
  known.delete("r");
  known.set("later", 1);
  rates.take(workOf("later"), 0);
  known.set("r", 100);
  expect(rates.waitMs(workOf("r"), 0)).toBe(0);
});
