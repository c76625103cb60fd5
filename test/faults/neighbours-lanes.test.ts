import { setImmediate as turn } from "node:timers/promises";

import fc from "fast-check";
import { expect, test } from "vitest";

import { Lanes } from "../../src/delivery/lanes.ts";
import type { Work } from "../../src/delivery/work.ts";
import type { Claimed, ClaimWish } from "../../src/queue/claim.ts";
import type { Delivery } from "../../src/queue/delivery.ts";
import { ownsAll } from "../../src/queue/ownership.ts";
import type { Destination } from "../../src/routing/destination.ts";
import { createTestClock } from "../support/clock.ts";
import { newDestination, newPending } from "../support/records.ts";

/** Something that happens to one destination, or to all of them. */
type Step =
  | { readonly kind: "arrive"; readonly to: number; readonly count: number }
  /** What waited longest for an answer gets one. Destinations whose steps hold none hang. */
  | { readonly kind: "answer"; readonly to: number; readonly fails: boolean }
  | { readonly kind: "switch"; readonly to: number }
  /** The commit that claims wait for. */
  | { readonly kind: "commit" }
  | { readonly kind: "pass"; readonly seconds: number };

type Setting = Pick<Destination, "ordered" | "maxConcurrency"> & { readonly eventBytes?: number };

const retryMs = 2_000;

/** One destination, what the store holds for it, and what was done for it. */
const openStand = ({ eventBytes = 100, ...setting }: Setting) => ({
  destination: newDestination(setting),
  /** What each of its events keeps in memory while it is sent. */
  eventBytes,
  stored: [] as { delivery: Delivery; dueAtMs: number }[],
  underWay: [] as { work: Work; end: (kept: Work | null, hasFailed: boolean) => void }[],
  /** How often each was numbered. */
  numbers: new Map<string, number>(),
  log: [] as string[],
  mostUnderWay: 0,
});

type Stand = ReturnType<typeof openStand>;

/** Lets everything happen that needs no time. Lanes look at what they were given in a later turn. */
const settle = async (): Promise<void> => {
  for (let count = 0; count < 4; count += 1) await turn();
};

/** Lanes over a store that commits when it is told to. */
const openLanes = (stands: readonly Stand[]) => {
  const clock = createTestClock("when told");
  const byId = new Map(stands.map((stand) => [stand.destination.id, stand]));
  const claims: (() => void)[] = [];
  const standOf = (id: string): Stand => byId.get(id)!;

  const takeDue = ({ destinationId, dueUntilMs, limit }: ClaimWish): Claimed => {
    const { stored } = standOf(destinationId);
    const due = stored.filter(({ dueAtMs }) => dueAtMs <= dueUntilMs).slice(0, limit);
    for (const each of due) stored.splice(stored.indexOf(each), 1);
    const nextDueAtMs = stored.length === 0 ? null : Math.min(...stored.map(({ dueAtMs }) => dueAtMs));
    return {
      deliveries: due.map(({ delivery, dueAtMs }) => ({ ...delivery, notBeforeMs: dueAtMs })),
      nextDueAtMs,
    };
  };
  const lanes: Lanes = new Lanes({
    clock,
    dueTime: clock,
    table: { destination: (id: string) => ({ destination: standOf(id).destination }) } as never,
    mayStart: () => true,
    isRevoked: () => false,
    ownership: ownsAll,
    giveBack: () => expect.unreachable("nothing is given back"),
    cancel: ({ delivery }) => {
      const { log, numbers } = standOf(delivery.destinationId);
      log.push(`cancelled ${numbers.get(delivery.id)}`);
    },
    claim: (wish) =>
      new Promise((resolve) => {
        claims.push(() => {
          const claimed = takeDue(wish);
          lanes.claimed(wish, claimed);
          resolve(claimed);
        });
      }),
    work: (work, { id }, { held }) =>
      new Promise((resolve) => {
        const { log, numbers, underWay, eventBytes } = standOf(id);
        held(eventBytes);
        log.push(`started ${numbers.get(work.delivery.id)}`);
        underWay.push({ work, end: (kept, hasFailed) => resolve({ kept, hasFailed }) });
      }),
  });

  const arrive = ({ destination, numbers, stored }: Stand): void => {
    const delivery = newPending({ destinationId: destination.id });
    numbers.set(delivery.id, numbers.size);
    if (!destination.enabled) return;
    if (lanes.reserve(destination, 100)) {
      lanes.place({ delivery, stored: null, bytes: 100 });
      return;
    }
    const dueAtMs = clock.nowMs();
    stored.push({ delivery, dueAtMs });
    lanes.noteDue(destination.id, dueAtMs);
  };
  const answer = ({ destination, underWay, stored, log, numbers }: Stand, fails: boolean): void => {
    const oldest = underWay.shift();
    if (oldest === undefined) return;
    const { work, end } = oldest;
    log.push(`${fails ? "failed" : "ended"} ${numbers.get(work.delivery.id)}`);
    if (!fails) {
      end(null, false);
      return;
    }
    const dueAtMs = clock.nowMs() + retryMs;
    if (destination.ordered) {
      end({ ...work, delivery: { ...work.delivery, notBeforeMs: dueAtMs } }, true);
      return;
    }
    stored.push({ delivery: work.delivery, dueAtMs });
    lanes.noteDue(destination.id, dueAtMs);
    end(null, true);
  };
  const take = (step: Step): void => {
    switch (step.kind) {
      case "arrive":
        for (let count = 0; count < step.count; count += 1) arrive(stands[step.to]!);
        return;
      case "answer":
        answer(stands[step.to]!, step.fails);
        return;
      case "switch": {
        const stand = stands[step.to]!;
        stand.destination = { ...stand.destination, enabled: !stand.destination.enabled };
        stand.stored.length = 0;
        lanes.wake(stand.destination.id);
        return;
      }
      case "commit":
        for (const claim of claims.splice(0)) claim();
        return;
      case "pass":
        clock.advance(step.seconds * 1_000);
    }
  };
  return {
    take: async (step: Step): Promise<void> => {
      take(step);
      await settle();
      for (const stand of stands) stand.mostUnderWay = Math.max(stand.mostUnderWay, stand.underWay.length);
    },
    stop: () => lanes.stop(),
  };
};

/** Plays all steps, or those of one destination and of all. Gives what was done for each. */
const play = async (settings: readonly Setting[], steps: readonly Step[], only?: number): Promise<readonly Stand[]> => {
  const stands = settings.map(openStand);
  const lanes = openLanes(stands);
  for (const step of steps) {
    const concerns = only === undefined || !("to" in step) || step.to === only;
    // An empty place keeps the count of steps, so that the logs of both plays can be compared step by step.
    if (concerns) await lanes.take(step);
    for (const { log } of stands) log.push("·");
  }
  lanes.stop();
  return stands;
};

const destinations = 4;

const settings = fc.array(fc.record({ ordered: fc.boolean(), maxConcurrency: fc.integer({ min: 1, max: 3 }) }), {
  minLength: destinations,
  maxLength: destinations,
});

const to = fc.nat(destinations - 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("arrive"), to, count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("answer"), to, fails: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("switch"), to }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("commit") }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass"), seconds: fc.integer({ min: 1, max: 3 }) }) },
);

test("invariant 8: a lane starts each delivery at the very step at which it would if it were the only one", async () => {
  await fc.assert(
    fc.asyncProperty(settings, fc.array(step, { minLength: 20, maxLength: 120 }), async (own, steps) => {
      const together = await play(own, steps);
      for (const [index, { log, mostUnderWay, destination }] of together.entries()) {
        const alone = (await play(own, steps, index))[index]!;
        expect(log).toEqual(alone.log);
        expect(mostUnderWay).toBeLessThanOrEqual(destination.ordered ? 1 : destination.maxConcurrency);
      }
    }),
    { numRuns: 150 },
  );
});

test("invariant 8: hung neighbours leave a lane all of its own slots", async () => {
  const slots = 5;
  const hung = Array.from({ length: 50 }, () => ({ ordered: false, maxConcurrency: 16 }));
  const steps: Step[] = [
    ...hung.map((_, index): Step => ({ kind: "arrive", to: index, count: 40 })),
    { kind: "arrive", to: hung.length, count: 40 },
  ];
  const stands = await play([...hung, { ordered: false, maxConcurrency: slots }], steps);
  expect(stands.map(({ underWay }) => underWay.length)).toEqual([...hung.map(() => 16), slots]);
});

test("invariant 8: hung neighbours whose events fill the memory of lanes leave a lane all of its own slots", async () => {
  const slots = 5;
  const hung = Array.from({ length: 50 }, () => ({ ordered: false, maxConcurrency: 16, eventBytes: 1024 * 1024 }));
  const steps: Step[] = [
    ...hung.map((_, index): Step => ({ kind: "arrive", to: index, count: 40 })),
    { kind: "arrive", to: hung.length, count: 40 },
    // What found no room is in the store.
    { kind: "commit" },
    { kind: "commit" },
  ];
  const stands = await play([...hung, { ordered: false, maxConcurrency: slots }], steps);
  expect(stands.at(-1)!.underWay.length).toBe(slots);
  const heldBytes = stands.reduce((sum, { underWay, eventBytes }) => sum + underWay.length * eventBytes, 0);
  // Each lane's share is smaller than that of the one before it; how large an event is shows when it has been read.
  expect(heldBytes).toBeLessThanOrEqual(32 * 1024 * 1024 * (1 + Math.log(hung.length)) + hung.length * 1024 * 1024);
});
