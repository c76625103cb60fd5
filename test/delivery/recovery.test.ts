import { expect, test, vi } from "vitest";

import type { Store } from "../../src/db/store.ts";
import { createRecovery } from "../../src/delivery/recovery.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Id } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { createKeyring, newSealingKey } from "../../src/lib/sealing.ts";
import { addOperation } from "../../src/queue/add.ts";
import { claimedDueMs, type Delivery } from "../../src/queue/delivery.ts";
import { type Ownership, ownsAll } from "../../src/queue/ownership.ts";
import { createDestination } from "../../src/routing/create-destination.ts";
import { createSource } from "../../src/routing/create-source.ts";
import { deleteDestination } from "../../src/routing/delete-destination.ts";
import { RoutingTable } from "../../src/routing/table.ts";
import { addClaims } from "../support/claims.ts";
import { committer, ids, newDestination, newPending } from "../support/records.ts";
import { destinationDraft, scope, sourceDraft, startRouting } from "../support/routing.ts";
import { freshStore, select } from "../support/store.ts";

/** Recovery of a process that knows one destination, and what it told of it. */
const openRecovery = (store: Store, over: { held?: Delivery[]; ownership?: Ownership } = {}) => {
  const { held = [], ownership = ownsAll } = over;
  const random = createSystemRandom();
  const table = new RoutingTable({ keyring: createKeyring([newSealingKey(random)], random), catalog: new Map() });
  const destination = newDestination();
  table.putDestination(destination, { current: null, previous: null, previousUntilMs: null, outgoing: null });
  const told: [string, number][] = [];
  const recover = createRecovery({
    store,
    table,
    clock: systemClock,
    observer: { faulted: ({ error }) => expect.unreachable(String(error)) },
    ownership,
    inHand: () => held,
    noteDue: (id, atMs) => told.push([id, atMs]),
  });
  const at = (createdAtMs: number, claims: number) =>
    newPending({ destinationId: destination.id, createdAtMs, claims, generation: claims });
  return { recover, told, destination, at };
};

test("invariant 3: what a commit claimed whose answer was lost is due again, and what is in hand stays there", async () => {
  const store = await freshStore();
  const held: Delivery[] = [];
  const { recover, told, destination, at } = openRecovery(store, { held });
  held.push(at(1_000, 1));
  await committer(store)(addOperation([...held, at(2_000, 1), at(3_000, 0)]));

  recover();
  recover();
  // Both rounds: a store that closes under the second one would be told of.
  await vi.waitFor(() => expect(told).toHaveLength(2));
  const rows = await select(store, "select created_at_ms, due_at_ms, claims from deliveries order by created_at_ms");
  expect(rows).toEqual([
    { created_at_ms: 1_000, due_at_ms: claimedDueMs, claims: 1 },
    { created_at_ms: 2_000, due_at_ms: 2_000, claims: 0 },
    { created_at_ms: 3_000, due_at_ms: 3_000, claims: 0 },
  ]);
  expect(told[0]).toEqual([destination.id, 2_000]);
});

test("what was lost is due again beside any number of claims of other nodes", { timeout: 60_000 }, async () => {
  const store = await freshStore();
  const theirs = ids.next();
  const ownership: Ownership = { ...ownsAll, standingOf: (id: Id) => (id === theirs ? "theirs" : "ours") };
  const { recover, told, destination, at } = openRecovery(store, { ownership });
  await addClaims(store, theirs, { first: "a", count: 100_001 });
  await committer(store)(addOperation([at(2_000, 1)]));
  recover();
  await vi.waitFor(() => expect(told).toEqual([[destination.id, 2_000]]), { timeout: 30_000 });
  const counted = await select<{ count: number }>(
    store,
    `select count(*) as count from deliveries where due_at_ms = ${claimedDueMs}`,
  );
  expect(counted).toEqual([{ count: 100_001 }]);
});

test("what was lost of a destination that is deleted by now is due again, or it could never be cancelled", async () => {
  const store = await freshStore();
  const routing = await startRouting({ store });
  const made = await createSource(routing, scope, sourceDraft());
  if (made.kind !== "created") throw new Error(made.kind);
  const key = { sourceId: made.source.id };
  const linked = await createDestination(routing, scope, key, destinationDraft());
  if (linked.kind !== "created") throw new Error(linked.kind);
  const deleted = linked.destination.id;
  await deleteDestination(routing, scope, { ...key, destinationId: deleted });
  const { recover } = openRecovery(store);
  await committer(store)(
    addOperation([newPending({ destinationId: deleted, createdAtMs: 2_000, claims: 1, generation: 1 })]),
  );
  recover();
  await expect.poll(() => select(store, "select due_at_ms from deliveries")).toEqual([{ due_at_ms: 2_000 }]);
});
