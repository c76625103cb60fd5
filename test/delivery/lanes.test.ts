import { expect, test } from "vitest";

import { Lanes } from "../../src/delivery/lanes.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { ownsAll } from "../../src/queue/ownership.ts";
import type { Destination } from "../../src/routing/destination.ts";
import { createTestClock } from "../support/clock.ts";
import { newDestination, newPending } from "../support/records.ts";

/** Lanes over a store that always holds more, and how many timers they have set. */
const openLanes = (over: Partial<Destination>, mayStart: () => boolean) => {
  const destination = newDestination(over);
  const clock = createTestClock();
  const counted = { timers: 0 };
  const lanes: Lanes = new Lanes({
    clock: {
      ...clock,
      after: (delayMs, run) => {
        counted.timers += 1;
        return clock.after(delayMs, run);
      },
    },
    dueTime: clock,
    table: { destination: () => ({ destination, secretsAt: () => ({ kind: "opened", secrets: [] }) }) } as never,
    mayStart,
    claim: async (wish) => {
      const deliveries = Array.from({ length: wish.limit }, () => newPending({ destinationId: destination.id }));
      const claimed = { deliveries, nextDueAtMs: systemClock.nowMs() - 1000 };
      lanes.claimed(wish, claimed);
      return claimed;
    },
    work: async () => ({ kept: null, hasFailed: false }),
    isRevoked: () => false,
    ownership: ownsAll,
    giveBack: () => expect.unreachable("nothing is given back"),
    cancel: () => expect.unreachable("nothing was cancelled"),
  });
  return { lanes, destination, clock, counted };
};

test.for([
  ["waits for its rate, with a backlog in the store", { rateLimit: 1, ratePeriod: "hour" }, true],
  ["may not start anything, with a backlog in the store", {}, false],
] as const)("a lane that %s sleeps", async ([, over, mayStart]) => {
  const { lanes, destination, clock, counted } = openLanes(over, () => mayStart);
  lanes.noteDue(destination.id, clock.nowMs() - 1000);
  for (let second = 0; second < 60; second += 1) {
    clock.advance(1000);
    await Promise.resolve();
  }
  // It looks at the time every five seconds, for the clock may be set; nothing else happens.
  expect(counted.timers).toBeLessThan(40);
  lanes.stop();
});

test("what is read from the store counts while it is sent, and lanes that have something under way wait for room", async () => {
  const mebibyte = 1024 * 1024;
  const clock = createTestClock();
  const destinations = [1, 2].map(() => newDestination({ maxConcurrency: 64 }));
  const running: (() => void)[] = [];
  const lanes: Lanes = new Lanes({
    clock,
    dueTime: clock,
    table: {
      destination: (id: string) => ({ destination: destinations.find((each) => each.id === id) }),
    } as never,
    mayStart: () => true,
    claim: async (wish) => {
      const deliveries = Array.from({ length: 32 }, () => newPending({ destinationId: wish.destinationId }));
      const claimed = { deliveries, nextDueAtMs: null };
      lanes.claimed(wish, claimed);
      return claimed;
    },
    work: (_work, _destination, { held }) =>
      new Promise((resolve) => {
        held(8 * mebibyte);
        running.push(() => resolve({ kept: null, hasFailed: false }));
      }),
    isRevoked: () => false,
    ownership: ownsAll,
    giveBack: () => expect.unreachable("nothing is given back"),
    cancel: () => expect.unreachable("nothing was cancelled"),
  });
  const settle = (): Promise<void> => new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));
  const [first, second] = destinations.map(({ id }) => id) as [string, string];
  lanes.noteDue(first, clock.nowMs());
  await settle();
  // 32 MiB are 4 of them.
  expect(running.length).toBe(4);
  lanes.noteDue(second, clock.nowMs());
  await settle();
  // Half of it is the second lane's share.
  expect(running.length).toBe(6);
  let done = 0;
  for (; done < 64; done += 1) {
    running[done]!();
    await settle();
    expect(running.length - done).toBeLessThanOrEqual(7);
  }
  expect([running.length, lanes.heldBytes]).toEqual([64, 0]);
});
