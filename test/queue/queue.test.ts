import fc from "fast-check";
import { expect, test } from "vitest";

import type { Store } from "../../src/db/store.ts";
import { addOperation, supersedeOperation } from "../../src/queue/add.ts";
import { cancelUnclaimed, type CancelWish } from "../../src/queue/cancel.ts";
import { type Claimed, claimOperations, type ClaimWish, readClaims, rescueClaims } from "../../src/queue/claim.ts";
import { claimedDueMs, type Delivery } from "../../src/queue/delivery.ts";
import { deliveriesOf, dueTimes } from "../../src/queue/read.ts";
import { releaseClaimsOperation, type Settlement, settleOperation } from "../../src/queue/settle.ts";
import { type Commit, committer, ids, newPending } from "../support/records.ts";
import { freshStore, idLiteral, select } from "../support/store.ts";

const nowMs = 1_800_000_000_000;

/** The queue on a store of its own, and what its rows say that no delivery shows. */
const openQueue = async () => {
  const store = await freshStore();
  const commit = committer(store);
  return {
    store,
    commit,
    claim: (...wishes: readonly ClaimWish[]) => claim(commit, wishes),
    dueOf: (delivery: Delivery) => dueOf(store, delivery),
  };
};

const claim = async (commit: Commit, wishes: readonly ClaimWish[]): Promise<readonly Claimed[]> =>
  readClaims(wishes, await commit(...claimOperations(wishes)));

const claimOne = async (commit: Commit, delivery: Delivery): Promise<Delivery> => {
  const [claimed] = await claim(commit, [
    { destinationId: delivery.destinationId, dueUntilMs: claimedDueMs - 1, limit: 1 },
  ]);
  return claimed!.deliveries[0]!;
};

const dueOf = async (store: Store, { id }: Delivery): Promise<number | null> => {
  const [row] = await select<{ due_at_ms: number | null }>(
    store,
    `select due_at_ms from deliveries where id = ${idLiteral(id)}`,
  );
  return row!.due_at_ms;
};

const stored = async (store: Store, { eventId, id }: Delivery): Promise<Delivery | undefined> =>
  (await deliveriesOf(store, eventId)).find((delivery) => delivery.id === id);

const lane = (count: number, over: (at: number) => Partial<Delivery> = () => ({})): readonly Delivery[] => {
  const destinationId = ids.next();
  return Array.from({ length: count }, (_, at) => newPending({ destinationId, createdAtMs: nowMs + at, ...over(at) }));
};

test("a delivery is stored as it is: due at once, or claimed by the lane that takes it", async () => {
  const { store, commit, dueOf: due } = await openQueue();
  const waiting = newPending();
  const claimed = newPending({ claims: 1, generation: 1, isReplay: true, replayId: ids.next() });
  await commit(addOperation([waiting, claimed]));
  expect(await stored(store, waiting)).toEqual(waiting);
  expect(await stored(store, claimed)).toEqual(claimed);
  expect(await due(waiting)).toBe(waiting.createdAtMs);
  expect(await due(claimed)).toBe(claimedDueMs);
});

test("the deliveries of an event come oldest first", async () => {
  const { store, commit } = await openQueue();
  const eventId = ids.next();
  const deliveries = Array.from({ length: 4 }, () => newPending({ eventId }));
  await commit(addOperation([...deliveries.toReversed(), newPending()]));
  expect(await deliveriesOf(store, eventId)).toEqual(deliveries);
});

test("a claim takes the earliest that are due, in order, up to its limit, and says when the next falls due", async () => {
  const { commit, claim: claimFor } = await openQueue();
  const deliveries = lane(5);
  const destinationId = deliveries[0]!.destinationId;
  await commit(addOperation(deliveries.toReversed()));
  const [some] = await claimFor({ destinationId, dueUntilMs: nowMs + 3, limit: 2 });
  expect(some!.deliveries).toEqual(
    deliveries.slice(0, 2).map((delivery) => ({ ...delivery, claims: 1, generation: 1 })),
  );
  expect(some!.nextDueAtMs).toBe(nowMs + 2);

  const [due] = await claimFor({ destinationId, dueUntilMs: nowMs + 3, limit: 10 });
  expect(due!.deliveries.map(({ id }) => id)).toEqual(deliveries.slice(2, 4).map(({ id }) => id));
  expect(due!.nextDueAtMs).toBe(nowMs + 4);

  const [early] = await claimFor({ destinationId, dueUntilMs: nowMs + 3, limit: 10 });
  expect(early).toEqual({ deliveries: [], nextDueAtMs: nowMs + 4 });
  const [whatever] = await claimFor({ destinationId, dueUntilMs: claimedDueMs - 1, limit: 10 });
  expect(whatever!.deliveries.map(({ id }) => id)).toEqual([deliveries[4]!.id]);
  expect(whatever!.nextDueAtMs).toBeNull();
});

test("deliveries that fall due together go in the order of their events", async () => {
  const { commit, claim: claimFor } = await openQueue();
  const deliveries = lane(20, () => ({ createdAtMs: nowMs }));
  await commit(addOperation(deliveries.toReversed()));
  const [first] = await claimFor({ destinationId: deliveries[0]!.destinationId, dueUntilMs: nowMs, limit: 8 });
  const [second] = await claimFor({ destinationId: deliveries[0]!.destinationId, dueUntilMs: nowMs, limit: 20 });
  expect([first, second].flatMap((each) => each!.deliveries.map(({ id }) => id))).toEqual(
    deliveries.map(({ id }) => id),
  );
});

test("lanes that claim in one commit get their own, and nothing is claimed twice", async () => {
  const { commit, claim: claimFor } = await openQueue();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: 6 }), fc.nat({ max: 8 })), { minLength: 1, maxLength: 5 }),
      async (lanes) => {
        const made = lanes.map(([count, limit]) => ({ destinationId: ids.next(), count, limit }));
        const all = made.map(({ destinationId, count }) =>
          Array.from({ length: count }, () => newPending({ destinationId, createdAtMs: nowMs })),
        );
        await commit(addOperation(all.flat()));
        const wishes = made.map(({ destinationId, limit }) => ({ destinationId, dueUntilMs: nowMs, limit }));
        const first = await claimFor(...wishes);
        const second = await claimFor(...wishes.map((wish) => ({ ...wish, limit: 100 })));
        for (const [at, own] of all.entries()) {
          expect(first[at]!.deliveries).toHaveLength(Math.min(made[at]!.limit, own.length));
          const claimed = [first, second].flatMap((claims) => claims[at]!.deliveries.map(({ id }) => id));
          expect(claimed).toEqual(own.map(({ id }) => id));
          expect(second[at]!.nextDueAtMs).toBeNull();
        }
      },
    ),
    { numRuns: 30 },
  );
});

test.for([
  [
    { to: "ended", status: "success", endedAtMs: nowMs + 7 },
    { status: "success", reason: null, claims: 0, notBeforeMs: null, endedAtMs: nowMs + 7 },
    null,
  ],
  [
    { to: "ended", status: "failed", reason: "exhausted", endedAtMs: nowMs + 7 },
    { status: "failed", reason: "exhausted", claims: 0, notBeforeMs: null, endedAtMs: nowMs + 7 },
    null,
  ],
  [
    { to: "ended", status: "cancelled", reason: "destination_deleted", endedAtMs: nowMs + 7 },
    { status: "cancelled", reason: "destination_deleted", claims: 0, notBeforeMs: null, endedAtMs: nowMs + 7 },
    null,
  ],
  [
    { to: "due", atMs: nowMs + 9 },
    { status: "pending", reason: null, claims: 0, notBeforeMs: null, endedAtMs: null },
    nowMs + 9,
  ],
  [
    { to: "held", untilMs: nowMs + 9 },
    { status: "pending", reason: null, claims: 1, notBeforeMs: nowMs + 9, endedAtMs: null },
    claimedDueMs,
  ],
] as const satisfies readonly (readonly [Settlement, Partial<Delivery>, number | null])[])(
  "a claimed delivery is settled: %j",
  async ([settlement, becomes, due]) => {
    const { store, commit } = await openQueue();
    const delivery = newPending();
    await commit(addOperation([delivery]));
    const claimed = await claimOne(commit, delivery);
    const [result] = await commit(settleOperation([{ delivery: claimed, settlement, attempts: 3 }]));
    expect(result!.changes).toBe(1);
    expect(await stored(store, delivery)).toEqual({ ...claimed, ...becomes, attempts: 3 });
    expect(await dueOf(store, delivery)).toBe(due);
  },
);

test("the outcome of an older claim changes nothing", async () => {
  const { store, commit } = await openQueue();
  const delivery = newPending();
  await commit(addOperation([delivery]));
  const stale = await claimOne(commit, delivery);
  await rescueClaims(store, [{ destinationId: delivery.destinationId, slots: 16 }]);
  const current = await claimOne(commit, delivery);
  // One for taking it from the dead process, one for the new claim.
  expect(current.generation).toBe(stale.generation + 2);
  const ended = { to: "ended", status: "success", endedAtMs: nowMs } as const;
  const [settled, released] = await commit(
    settleOperation([{ delivery: stale, settlement: ended, attempts: 1 }]),
    releaseClaimsOperation([stale]),
  );
  expect([settled!.changes, released!.changes]).toEqual([0, 0]);
  expect(await stored(store, delivery)).toEqual(current);
  expect(await dueOf(store, delivery)).toBe(claimedDueMs);

  await commit(settleOperation([{ delivery: current, settlement: ended, attempts: 1 }]));
  expect(await stored(store, delivery)).toMatchObject({ status: "success", attempts: 1 });
});

test("a retry that is claimed before its time keeps its time; what was never tried has none", async () => {
  const { commit } = await openQueue();
  const [fresh, retried] = [newPending({ createdAtMs: nowMs }), newPending()];
  await commit(addOperation([fresh, retried]));
  const settlement = { to: "due", atMs: nowMs + 60_000 } as const;
  await commit(settleOperation([{ delivery: await claimOne(commit, retried), settlement, attempts: 1 }]));
  expect((await claimOne(commit, fresh)).notBeforeMs).toBeNull();
  expect((await claimOne(commit, retried)).notBeforeMs).toBe(nowMs + 60_000);
});

test("what an ordered lane held keeps its time across a restart", async () => {
  const { store, commit } = await openQueue();
  const held = newPending({ createdAtMs: nowMs });
  await commit(addOperation([held]));
  const settlement = { to: "held", untilMs: nowMs + 60_000 } as const;
  await commit(settleOperation([{ delivery: await claimOne(commit, held), settlement, attempts: 1 }]));
  await rescueClaims(store, [{ destinationId: held.destinationId, slots: 1 }]);
  expect(await dueOf(store, held)).toBe(nowMs);
  expect(await claimOne(commit, held)).toMatchObject({ notBeforeMs: nowMs + 60_000, claims: 2 });
});

test("what a dead process had claimed is due again, in its place, and remembers how often it was claimed", async () => {
  const { store, commit, claim: claimFor } = await openQueue();
  const deliveries = lane(3);
  const destinationId = deliveries[0]!.destinationId;
  const ended = newPending({ destinationId, status: "success" });
  const retried = newPending({ destinationId, createdAtMs: nowMs });
  await commit(addOperation([...deliveries, ended, retried]));
  await claimFor({ destinationId, dueUntilMs: nowMs + 2, limit: 10 });
  await commit(
    settleOperation([
      {
        delivery: { ...ended, generation: 1 },
        settlement: { to: "ended", status: "success", endedAtMs: nowMs },
        attempts: 1,
      },
      { delivery: { ...retried, generation: 1 }, settlement: { to: "due", atMs: nowMs + 60_000 }, attempts: 1 },
    ]),
  );
  // Two may have been under way; the third only waited, beside them.
  await rescueClaims(store, [{ destinationId, slots: 2 }]);
  expect(await Promise.all(deliveries.map((delivery) => dueOf(store, delivery)))).toEqual(
    deliveries.map(({ createdAtMs }) => createdAtMs),
  );
  const [again] = await claimFor({ destinationId, dueUntilMs: nowMs + 2, limit: 10 });
  expect(again!.deliveries).toEqual(
    deliveries.map((delivery, index) => ({ ...delivery, claims: index < 2 ? 2 : -1, generation: 3 })),
  );
  expect(again!.nextDueAtMs).toBe(nowMs + 60_000);
});

test("a claim that is given back untried counts for nothing", async () => {
  const { store, commit } = await openQueue();
  const delivery = newPending();
  await commit(addOperation([delivery]));
  const claimed = await claimOne(commit, delivery);
  await commit(releaseClaimsOperation([claimed]));
  expect(await stored(store, delivery)).toEqual({ ...delivery, generation: 1 });
  expect(await dueOf(store, delivery)).toBe(delivery.createdAtMs);
});

test("cancelling ends what is made before a destination was switched off, and what nobody has claimed", async () => {
  const { store, commit } = await openQueue();
  const destinationId = ids.next();
  const older = lane(5, () => ({ destinationId, enabling: 1 }));
  const current = newPending({ destinationId, enabling: 2 });
  const other = newPending({ enabling: 1 });
  await commit(addOperation([...older, current, other]));
  const held = await claimOne(commit, older[0]!);
  const wish: CancelWish = {
    destinationId,
    enablingBelow: 2,
    reason: "destination_disabled",
    nowMs: nowMs + 50,
    limit: 3,
  };
  const first = await store.write((tx) => cancelUnclaimed(tx, wish));
  expect(first.toSorted()).toEqual(older.slice(1, 4).map(({ eventId }) => eventId));
  expect(await store.write((tx) => cancelUnclaimed(tx, wish))).toEqual([older[4]!.eventId]);
  expect(await store.write((tx) => cancelUnclaimed(tx, wish))).toEqual([]);

  const cancelled = { status: "cancelled", reason: "destination_disabled", endedAtMs: nowMs + 50 } as const;
  for (const delivery of older.slice(1)) {
    expect(await stored(store, delivery)).toEqual({ ...delivery, ...cancelled });
    expect(await dueOf(store, delivery)).toBeNull();
  }
  expect(await stored(store, held)).toEqual(held);
  expect(await stored(store, current)).toEqual(current);
  expect(await stored(store, other)).toEqual(other);
});

test("the first due time of each destination is known, of those that have one", async () => {
  const { store, commit } = await openQueue();
  const [busy, idle, ended] = [lane(3), ids.next(), newPending({ status: "failed" })];
  await commit(addOperation([...busy, ended]));
  await commit(
    settleOperation([
      { delivery: ended, settlement: { to: "ended", status: "failed", reason: "gone", endedAtMs: nowMs }, attempts: 1 },
    ]),
  );
  const times = await dueTimes(store, [busy[0]!.destinationId, idle, ended.destinationId]);
  expect([...times]).toEqual([[busy[0]!.destinationId, nowMs]]);
});

test("what somebody has claimed is not due", async () => {
  const { store, commit } = await openQueue();
  const deliveries = lane(2);
  await commit(addOperation(deliveries));
  const destinationId = deliveries[0]!.destinationId;
  await claimOne(commit, deliveries[0]!);
  expect([...(await dueTimes(store, [destinationId]))]).toEqual([[destinationId, nowMs + 1]]);
  await claimOne(commit, deliveries[1]!);
  expect([...(await dueTimes(store, [destinationId]))]).toEqual([]);
});

test("a newer run along the same connection takes the place of the older ones of that event", async () => {
  const { store, commit } = await openQueue();
  const run = { eventId: ids.next(), connectionId: ids.next() };
  const [old, sibling, stranger] = [
    newPending(run),
    newPending({ ...run, connectionId: ids.next() }),
    newPending({ connectionId: run.connectionId }),
  ];
  const replayed = newPending({ ...run, isReplay: true });
  await commit(addOperation([old, sibling, stranger]), supersedeOperation([run]), addOperation([replayed]));
  const newest = await select<{ id: string }>(store, "select hex(id) as id from deliveries where newest = 1");
  const hex = ({ id }: Delivery): string => id.replaceAll("-", "").toUpperCase();
  expect(new Set(newest.map(({ id }) => id))).toEqual(new Set([sibling, stranger, replayed].map(hex)));
});
