import { expect, test } from "vitest";

import { Lanes } from "../../src/delivery/lanes.ts";
import type { Work } from "../../src/delivery/work.ts";
import type { Id } from "../../src/lib/ids.ts";
import type { Ownership, Standing } from "../../src/queue/ownership.ts";
import type { Destination } from "../../src/routing/destination.ts";
import { createTestClock } from "../support/clock.ts";
import { newDestination, newPending } from "../support/records.ts";

/** One lane, and the part that its process has in it, as a test says. */
const openLane = (over: Partial<Destination> = {}, owned: Partial<Ownership> = {}) => {
  const destination = newDestination(over);
  const clock = createTestClock();
  const state = { standing: "ours" as Standing, isSure: true, changedAtMs: 1 };
  const sent: { work: Work; end: () => void; maySend: () => boolean }[] = [];
  const givenBack: Id[] = [];
  const called: Id[] = [];
  const wishes: Id[] = [];
  const ownership: Ownership = {
    isAlone: false,
    standingOf: () => state.standing,
    isSure: () => state.isSure,
    changedAtMs: () => state.changedAtMs,
    diedAtMs: () => null,
    holds: () => Promise.resolve(true),
    call: (id) => called.push(id),
    ...owned,
  };
  const lanes: Lanes = new Lanes({
    clock,
    dueTime: clock,
    table: { destination: () => ({ destination, secretsAt: () => ({ kind: "opened", secrets: [] }) }) } as never,
    ownership,
    mayStart: () => state.isSure,
    claim: async (wish) => {
      wishes.push(wish.destinationId);
      const claimed = { deliveries: [], nextDueAtMs: null };
      lanes.claimed(wish, claimed);
      return claimed;
    },
    work: (work, _destination, { maySend }) => {
      const { promise, resolve } = Promise.withResolvers<null>();
      sent.push({ work, end: () => resolve(null), maySend });
      return promise.then(() => ({ kept: null, hasFailed: false }));
    },
    isRevoked: () => false,
    cancel: () => expect.unreachable("nothing was cancelled"),
    giveBack: ({ delivery }) => givenBack.push(delivery.id),
  });
  const place = (): Id => {
    const delivery = newPending({ destinationId: destination.id });
    expect(lanes.reserve(destination, 10)).toBe(true);
    lanes.place({ delivery, stored: null, bytes: 10 });
    return delivery.id;
  };
  const turn = (): Promise<void> => new Promise((resolve) => clock.soon(() => clock.soon(resolve)));
  return { lanes, destination, clock, state, sent, givenBack, called, wishes, place, turn };
};

test("a lane that is somebody else's takes nothing from memory, and its owner is called", () => {
  const { lanes, destination, clock, state, called, wishes } = openLane();
  for (const standing of ["theirs", "leaving"] as const) {
    state.standing = standing;
    expect(lanes.reserve(destination, 10)).toBe(false);
    lanes.noteDue(destination.id, clock.nowMs());
  }
  expect(called).toEqual([destination.id, destination.id]);
  expect(wishes).toEqual([]);
});

test("an ordered lane among other nodes takes nothing from memory: they may have stored an earlier one", () => {
  const { lanes, destination } = openLane({ ordered: true });
  expect(lanes.reserve(destination, 10)).toBe(false);
  const alone = openLane({ ordered: true }, { isAlone: true });
  expect(alone.lanes.reserve(alone.destination, 10)).toBe(true);
});

test("a lane that is lost gives back what waits, starts nothing more, and what is under way ends", async () => {
  const { lanes, destination, state, sent, givenBack, place, turn } = openLane({ maxConcurrency: 1 });
  const first = place();
  const second = place();
  await turn();
  expect(sent.map(({ work }) => work.delivery.id)).toEqual([first]);
  state.standing = "leaving";
  lanes.wakeAll();
  await turn();
  expect(givenBack).toEqual([second]);
  expect([...lanes.busy()]).toEqual([destination.id]);
  sent[0]!.end();
  await turn();
  expect([...lanes.busy()]).toEqual([]);
  expect(sent).toHaveLength(1);
  expect(lanes.heldBytes).toBe(0);
});

test("what is under way may send while the lane is left, and not once others may have taken it, even if it is ours again", async () => {
  const { state, sent, place, turn } = openLane();
  place();
  await turn();
  const [{ maySend }] = sent as [(typeof sent)[0]];
  const seen = [maySend()];
  state.standing = "leaving";
  seen.push(maySend());
  state.isSure = false;
  seen.push(maySend());
  Object.assign(state, { standing: "ours", isSure: true, changedAtMs: 2 });
  seen.push(maySend());
  expect(seen).toEqual([true, true, false, false]);
});

test("what is committed for a lane that was lost meanwhile is given back", async () => {
  const { lanes, destination, state, sent, givenBack, turn } = openLane();
  expect(lanes.reserve(destination, 10)).toBe(true);
  expect([...lanes.busy()]).toEqual([destination.id]);
  state.standing = "theirs";
  const delivery = newPending({ destinationId: destination.id });
  lanes.place({ delivery, stored: null, bytes: 10 });
  await turn();
  expect(givenBack).toEqual([delivery.id]);
  expect(sent).toEqual([]);
  expect([...lanes.busy()]).toEqual([]);
});

test("a lane that is being taken notes what is due, and fetches it once it is ours", async () => {
  const { lanes, destination, clock, state, wishes, turn } = openLane();
  state.standing = "taking";
  lanes.noteDue(destination.id, clock.nowMs() - 1_000);
  await turn();
  expect(wishes).toEqual([]);
  state.standing = "ours";
  // It has a backlog: what comes now joins its end.
  expect(lanes.reserve(destination, 10)).toBe(false);
  lanes.wakeAll();
  await turn();
  expect(wishes).toEqual([destination.id]);
});

test("what arrives passes what another node stored a moment ago, and nothing older", () => {
  const { lanes, destination, clock } = openLane();
  lanes.noteDue(destination.id, clock.nowMs());
  expect(lanes.reserve(destination, 10)).toBe(true);
  clock.advance(500);
  expect(lanes.reserve(destination, 10)).toBe(true);
  clock.advance(500);
  expect(lanes.reserve(destination, 10)).toBe(false);
});

test("what arrives passes nothing while its lane does not keep up, or nobody else sends", () => {
  const { lanes, destination, clock } = openLane();
  lanes.noteDue(destination.id, clock.nowMs());
  const taken = Array.from({ length: 200 }, () => lanes.reserve(destination, 10));
  expect(taken.indexOf(false)).toBe(128);
  expect(taken.lastIndexOf(true)).toBe(127);
  const alone = openLane({}, { isAlone: true });
  alone.lanes.noteDue(alone.destination.id, alone.clock.nowMs());
  expect(alone.lanes.reserve(alone.destination, 10)).toBe(false);
});

test("nothing starts while nobody knows whether others have taken over, and all of it goes on afterwards", async () => {
  const { lanes, state, sent, place, turn } = openLane();
  place();
  state.isSure = false;
  await turn();
  expect(sent).toEqual([]);
  state.isSure = true;
  lanes.wakeAll();
  await turn();
  expect(sent).toHaveLength(1);
});

test.for([
  ["sends one at a time", { maxConcurrency: 1 }, 0],
  ["has a rate", { rateLimit: 5, ratePeriod: "second" }, 0],
  ["sends several at once", { maxConcurrency: 2 }, 1],
] as const)(
  "a lane that %s and was taken from a dead node waits for what may be under way: %o starts %i",
  async (given) => {
    const [, over, atOnce] = given;
    const diedAtMs = createTestClock().monotonicMs() - 1_000;
    const { clock, sent, place, turn } = openLane({ timeoutMs: 60_000, ...over }, { diedAtMs: () => diedAtMs });
    place();
    await turn();
    expect(sent).toHaveLength(atOnce);
    for (let second = 0; second < 60; second += 1) clock.advance(1_000);
    await turn();
    expect(sent).toHaveLength(1);
  },
);
