import fc from "fast-check";
import { expect, test } from "vitest";

import { longer, pageEvents, type PageRoom, pageWaitMs } from "../../src/replay/pace.ts";

const room = (over: Partial<PageRoom> = {}): PageRoom => ({
  ratePerSecond: null,
  routesMax: 1,
  outstanding: 0,
  outstandingMax: 400,
  sharedRoom: 400,
  eventsMax: 100,
  deliveriesMax: 200,
  ...over,
});

test.for<[what: string, over: Partial<PageRoom>, events: number]>([
  ["a whole page", {}, 100],
  ["fewer events, when each makes many deliveries", { routesMax: 10 }, 20],
  ["one event, however many deliveries it makes", { routesMax: 1_000 }, 1],
  ["what a quarter of a second may hold", { ratePerSecond: 40 }, 10],
  ["at least one event", { ratePerSecond: 1 }, 1],
  ["what there is room for", { outstanding: 340 }, 60],
  ["nothing, when there is room for less than half a page", { outstanding: 351 }, 0],
  ["nothing, when there is no room", { outstanding: 400 }, 0],
  ["nothing, when more is outstanding than may be", { outstanding: 900, routesMax: 3 }, 0],
  ["nothing, until an event that is too large for the room stands alone", { outstanding: 1, routesMax: 500 }, 0],
  ["an event that is too large for the room, when it stands alone", { outstanding: 0, routesMax: 500 }, 1],
  ["half of its share, when that is less than a page", { outstandingMax: 20 }, 10],
  ["nothing, when its share is out", { outstandingMax: 20, outstanding: 20 }, 0],
  ["what the others leave", { sharedRoom: 60 }, 60],
  ["nothing, when the others leave less than half a page", { outstanding: 1, sharedRoom: 49 }, 0],
  ["one event, when the others leave nothing and it has nothing", { sharedRoom: 0 }, 1],
  ["a whole page of a source without destinations", { routesMax: 0 }, 100],
])("a page takes %s", ([, over, events]) => expect(pageEvents(room(over))).toBe(events));

test("a page never makes more than may be outstanding, save of one event", () => {
  const sizes = {
    routesMax: fc.nat(1_000),
    outstanding: fc.nat(500),
    outstandingMax: fc.integer({ min: 1, max: 400 }),
    sharedRoom: fc.nat(400),
    ratePerSecond: fc.option(fc.nat(1_000)),
  };
  fc.assert(
    fc.property(fc.record(sizes), (over) => {
      const events = pageEvents(room(over));
      const made = events * over.routesMax;
      if (events > 1 || over.outstanding > 0) {
        expect(made).toBeLessThanOrEqual(
          Math.max(0, Math.min(over.outstandingMax - over.outstanding, over.sharedRoom)),
        );
      } else expect(over.outstanding === 0 ? events : 1).toBe(1);
    }),
  );
});

test.for([
  [null, 100, 0, 0],
  [10, 1, 0, 100],
  [10, 1, 30, 70],
  [10, 1, 130, 0],
  [1_000, 250, 0, 250],
  [1_000, 1_250, 5_000, 250],
  [3, 1, 0, 1_000 / 3],
  [5, 0, 0, 0],
] as const)(
  "at a rate of %s per second, %i events that are %d ms late are followed by a wait of %d ms",
  ([rate, events, lateMs, waitMs]) => expect(pageWaitMs(rate, events, lateMs)).toBe(waitMs),
);

test("waits grow from the first to the longest", () => {
  const waits = [0];
  for (let count = 0; count < 5; count += 1) waits.push(longer(waits.at(-1)!, { first: 50, max: 300 }));
  expect(waits).toEqual([0, 50, 100, 200, 300, 300]);
});
