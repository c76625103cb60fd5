import { expect, test } from "vitest";

import { Lanes } from "../../src/delivery/lanes.ts";
import { systemClock } from "../../src/lib/clock.ts";
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
    work: async () => null,
    isRevoked: () => false,
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
