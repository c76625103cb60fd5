import { expect, test } from "vitest";

import type { Store, Tx } from "../../src/db/store.ts";
import type { Id } from "../../src/lib/ids.ts";
import { addOperation } from "../../src/queue/add.ts";
import { claimedDueMs } from "../../src/queue/delivery.ts";
import { type Holder, releaseLost } from "../../src/queue/release-lost.ts";
import { addClaims } from "../support/claims.ts";
import { committer, ids, newPending } from "../support/records.ts";
import { execute, freshStore, select } from "../support/store.ts";

const nowMs = 1_800_000_000_000;

const claimedBy = (destinationId: Id) => newPending({ destinationId, createdAtMs: nowMs, claims: 1, generation: 1 });

/** As a node that is sure of itself. */
const holder = (over: Partial<Holder> = {}): Holder => ({
  holds: () => Promise.resolve(true),
  isOurs: () => true,
  inHand: () => new Set(),
  ...over,
});

const countsOf = async (store: Store): Promise<Record<string, unknown>> => {
  const rows = await select<{ due_at_ms: number; count: number }>(
    store,
    "select due_at_ms, count(*) as count from deliveries group by due_at_ms",
  );
  return Object.fromEntries(
    rows.map(({ due_at_ms, count }) => [due_at_ms === claimedDueMs ? "claimed" : "due", count]),
  );
};

test(
  "lost claims are found however many all nodes have, and those of other nodes stay",
  { timeout: 60_000 },
  async () => {
    const store = await freshStore();
    const [mine, other] = [ids.next(), ids.next()];
    await addClaims(store, other, { first: "a", count: 100_001 });
    await addClaims(store, mine, { first: "b", count: 2_150 });
    const [held, kept] = [claimedBy(mine), claimedBy(mine)];
    await committer(store)(addOperation([held, kept]));
    await releaseLost(
      store,
      [mine, other],
      holder({ isOurs: (id) => id === mine, inHand: () => new Set([held.id, kept.id]) }),
    );
    expect(await countsOf(store)).toEqual({ due: 2_150, claimed: 100_001 + 2 });
    // A delivery that was never tried is given back as if it had not been claimed.
    const [row] = await select(store, `select distinct claims from deliveries where due_at_ms < ${claimedDueMs}`);
    expect(row).toEqual({ claims: 0 });
  },
);

const withOne = async () => {
  const store = await freshStore();
  const delivery = claimedBy(ids.next());
  await committer(store)(addOperation([delivery]));
  return {
    delivery,
    release: (over: Partial<Holder>) => releaseLost(store, [delivery.destinationId], holder(over)),
    counts: () => countsOf(store),
  };
};

test("a delivery that comes into a lane's hands while lost claims are looked for is not released", async () => {
  const { delivery, release, counts } = await withOne();
  let asked = 0;
  await release({ inHand: () => new Set((asked += 1) === 1 ? [] : [delivery.id]) });
  expect([asked, await counts()]).toEqual([2, { claimed: 1 }]);
});

test("what another node has claimed anew since it was read is not released", async () => {
  const { release, counts } = await withOne();
  const takeOver = async (tx: Tx): Promise<boolean> => {
    await execute(tx, "update deliveries set generation = generation + 1");
    return true;
  };
  await release({ holds: takeOver });
  expect(await counts()).toEqual({ claimed: 1 });
});

test("a node that was given up, or has let a destination go, releases nothing of it", async () => {
  const { release, counts } = await withOne();
  await release({ holds: () => Promise.resolve(false) });
  let asked = 0;
  await release({ isOurs: () => (asked += 1) === 1 });
  expect([asked, await counts()]).toEqual([2, { claimed: 1 }]);
  await release({});
  expect(await counts()).toEqual({ due: 1 });
});
