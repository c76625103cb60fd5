import { expect, test } from "vitest";

import type { Store } from "../../src/db/store.ts";
import { appendOperations } from "../../src/events/append.ts";
import { readStored } from "../../src/events/read.ts";
import { refreshStatuses, refreshStatusOperation } from "../../src/events/status.ts";
import { idToBytes } from "../../src/lib/ids.ts";
import { addOperation } from "../../src/queue/add.ts";
import type { Delivery } from "../../src/queue/delivery.ts";
import { settleOperation } from "../../src/queue/settle.ts";
import { committer, newEvent, newPayload, newPending } from "../support/records.ts";
import { freshDirectory, freshStore, select } from "../support/store.ts";

const endedAtMs = 1_800_000_000_000;
const success = { to: "ended", status: "success", endedAtMs } as const;

type Ways = Readonly<Record<string, (store: Store, delivery: Delivery) => Promise<unknown>>>;

/** The two ways in which a delivery ends. */
const ways: Ways = {
  "a transaction": (store, { eventId, id }) =>
    store.write(async (tx) => {
      await tx
        .tables<{ deliveries: { event_id: Uint8Array; id: Uint8Array; status: string; due_at_ms: number | null } }>()
        .updateTable("deliveries")
        .set({ status: "success", due_at_ms: null })
        .where("event_id", "=", idToBytes(eventId))
        .where("id", "=", idToBytes(id))
        .execute();
      await refreshStatuses(tx, [eventId]);
    }),
  "a batch": (store, delivery) =>
    committer(store)(
      settleOperation([{ delivery, settlement: success, attempts: 1 }]),
      refreshStatusOperation([delivery.eventId]),
    ),
};

test.for(Object.keys(ways))(
  "two deliveries of an event that end on two nodes at once end the event: %s",
  async (way) => {
    const directory = freshDirectory();
    const [one, other] = [await freshStore({ directory }), await freshStore({ directory })] as const;
    const event = newEvent({ status: "forwarding" });
    const [first, second] = [newPending({ eventId: event.id }), newPending({ eventId: event.id })] as const;
    await committer(one)(...appendOperations([{ event, payload: newPayload() }]), addOperation([first, second]));

    const settled = Promise.withResolvers<void>();
    const mayEnd = Promise.withResolvers<void>();
    const slow = one.write(async (tx) => {
      await tx
        .tables<{ deliveries: { id: Uint8Array; status: string } }>()
        .updateTable("deliveries")
        .set({ status: "success" })
        .where("id", "=", idToBytes(first.id))
        .execute();
      await refreshStatuses(tx, [event.id]);
      settled.resolve();
      await mayEnd.promise;
    });
    await settled.promise;
    const quick = ways[way]!(other, second);
    // It waits for the row that the other one holds.
    await expect
      .poll(() =>
        select(other, "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"),
      )
      .toHaveLength(1);
    mayEnd.resolve();
    await Promise.all([slow, quick]);
    expect((await readStored(other, event.id))?.event.status).toBe("succeeded");
  },
);
