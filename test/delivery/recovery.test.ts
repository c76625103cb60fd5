import { expect, test, vi } from "vitest";

import { createRecovery } from "../../src/delivery/recovery.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { createKeyring, newSealingKey } from "../../src/lib/sealing.ts";
import { addOperation } from "../../src/queue/add.ts";
import { claimedDueMs } from "../../src/queue/delivery.ts";
import { ownsAll } from "../../src/queue/ownership.ts";
import { RoutingTable } from "../../src/routing/table.ts";
import { committer, newDestination, newPending } from "../support/records.ts";
import { freshStore, select } from "../support/store.ts";

test("invariant 3: what a commit claimed whose answer was lost is due again, and what is in hand stays there", async () => {
  const store = await freshStore();
  const random = createSystemRandom();
  const table = new RoutingTable({ keyring: createKeyring([newSealingKey(random)], random), catalog: new Map() });
  const destination = newDestination();
  table.putDestination(destination, { current: null, previous: null, previousUntilMs: null, outgoing: null });
  const at = (createdAtMs: number, claims: number) =>
    newPending({ destinationId: destination.id, createdAtMs, claims, generation: claims });
  const held = at(1_000, 1);
  const lost = at(2_000, 1);
  const waiting = at(3_000, 0);
  await committer(store)(addOperation([held, lost, waiting]));
  const told: [string, number][] = [];
  const recover = createRecovery({
    store,
    table,
    clock: systemClock,
    observer: { faulted: ({ error }) => expect.unreachable(String(error)) },
    ownership: ownsAll,
    inHand: () => [held],
    noteDue: (id, atMs) => told.push([id, atMs]),
  });

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
