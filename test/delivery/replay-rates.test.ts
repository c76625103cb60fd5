import { expect, test, vi } from "vitest";

import { ReplayRates, type ReplayRatesParts } from "../../src/delivery/replay-rates.ts";
import { newPending } from "../support/records.ts";

const workOf = (replayId: string | null, destinationId = "d") => ({
  delivery: { ...newPending({ destinationId }), replayId },
});

const ratesOf = (rateOf: ReplayRatesParts["rateOf"], over: Partial<ReplayRatesParts> = {}): ReplayRates =>
  new ReplayRates({
    rateOf,
    learn: () => expect.unreachable("all are known"),
    changedAtMs: () => null,
    onLearnt: () => undefined,
    ...over,
  });

test("what no bulk replay made, and what one without a rate made, never waits", () => {
  const rates = ratesOf((replayId) => (replayId === "paced" ? 1 : null));
  for (const work of [workOf(null), workOf("free")]) {
    for (let count = 0; count < 10; count += 1) expect([rates.waitMs(work, 0), rates.take(work, 0)]).toEqual([0, null]);
  }
});

test("a rate counts for each destination by itself, and a look takes nothing", () => {
  const rates = ratesOf(() => 2);
  const [one, other] = [workOf("r", "one"), workOf("r", "other")];
  for (let count = 0; count < 5; count += 1) expect(rates.waitMs(one, 0)).toBe(0);
  rates.take(one, 0);
  rates.take(one, 400);
  expect([rates.waitMs(one, 500), rates.waitMs(other, 500), rates.waitMs(one, 1_000)]).toEqual([500, 0, 0]);
});

test("who takes a destination over waits until what an earlier owner may have sent is a second old", () => {
  const rates = ratesOf(() => 2, { changedAtMs: (destinationId) => (destinationId === "taken" ? 500 : null) });
  expect([rates.waitMs(workOf("r", "taken"), 600), rates.waitMs(workOf("r", "taken"), 1_500)]).toEqual([900, 0]);
  expect(rates.waitMs(workOf("r", "other"), 600)).toBe(0);
});

test("what is sent later than it was taken counts from then on", () => {
  const rates = ratesOf(() => 1);
  const work = workOf("r");
  rates.take(work, 0)?.sends(0, 300);
  expect(rates.waitMs(work, 1_000)).toBe(300);
});

test("a hundred a second may become three more, and what has ended is forgotten", () => {
  const known = new Map([["r", 100]]);
  const rates = ratesOf((replayId) => known.get(replayId) ?? null);
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

test("what nobody has heard of waits until it is found out about, and is asked for once at a time", async () => {
  const known = new Map<string, number | null>();
  const answers: PromiseWithResolvers<void>[] = [];
  const rates: ReplayRates = ratesOf((replayId) => known.get(replayId), {
    learn: () => {
      answers.push(Promise.withResolvers());
      return answers.at(-1)!.promise;
    },
    onLearnt: () => expect(rates.waitMs(workOf("r"), 0)).toBe(0),
  });
  expect.assertions(6);
  expect([rates.waitMs(workOf("r"), 0), rates.waitMs(workOf("r", "other"), 0)]).toEqual([1_000, 1_000]);
  expect(answers).toHaveLength(1);
  answers[0]!.reject(new Error("the store is away"));
  await vi.waitFor(() => {
    rates.waitMs(workOf("r"), 0);
    if (answers.length < 2) throw new Error("it was not asked for again");
  });
  known.set("r", null);
  answers[1]!.resolve();
  await answers[1]!.promise;
  expect(answers).toHaveLength(2);
  expect(rates.waitMs(workOf("r"), 0)).toBe(0);
  expect(rates.take(workOf("r"), 0)).toBeNull();
});
