import { expect, test } from "vitest";

import { appendOperations } from "../../src/events/append.ts";
import type { EventStatus } from "../../src/events/event.ts";
import { readStored } from "../../src/events/read.ts";
import { refreshStatuses, refreshStatusOperation, releaseOperation } from "../../src/events/status.ts";
import { addOperation, supersedeOperation } from "../../src/queue/add.ts";
import type { DeliveryStatus } from "../../src/queue/delivery.ts";
import { committer, ids, newEvent, newPayload, newPending } from "../support/records.ts";
import { freshStore } from "../support/store.ts";

const statuses: readonly DeliveryStatus[] = ["pending", "success", "failed", "cancelled"];

/** Every combination of up to three connections. */
const combinations: readonly (readonly DeliveryStatus[])[] = [
  [],
  ...statuses.map((a) => [a]),
  ...statuses.flatMap((a) => statuses.map((b) => [a, b])),
  ...statuses.flatMap((a) => statuses.flatMap((b) => statuses.map((c) => [a, b, c]))),
];

const expected = (newest: readonly DeliveryStatus[]): EventStatus => {
  if (newest.length === 0) return "received";
  if (newest.includes("pending")) return "forwarding";
  return newest.every((status) => status === "success") ? "succeeded" : "failed";
};

test("an event's status follows from the newest delivery of each connection, in every combination", async () => {
  const store = await freshStore();
  const commit = committer(store);
  const cases = combinations.map((newest) => ({ newest, event: newEvent({ status: "forwarding" }) }));
  await commit(
    ...appendOperations(cases.map(({ event }) => ({ event, payload: newPayload() }))),
    addOperation(
      cases.flatMap(({ newest, event }) => newest.map((status) => newPending({ eventId: event.id, status }))),
    ),
    refreshStatusOperation(cases.map(({ event }) => event.id)),
  );
  for (const { newest, event } of cases) {
    const stored = await readStored(store, event.id);
    expect(stored?.event.status, `newest: ${newest.join(", ")}`).toBe(expected(newest));
  }
  expect(new Set(cases.map(({ newest }) => expected(newest))).size).toBe(4);
});

test("older runs along a connection do not count, those along another one do", async () => {
  const store = await freshStore();
  const commit = committer(store);
  for (const before of statuses) {
    for (const now of statuses) {
      const event = newEvent();
      const run = { eventId: event.id, connectionId: ids.next() };
      const other = newPending({ eventId: event.id, status: "success" });
      await commit(
        ...appendOperations([{ event, payload: newPayload() }]),
        addOperation([newPending({ ...run, status: before }), other]),
        supersedeOperation([run]),
        addOperation([newPending({ ...run, status: now })]),
        refreshStatusOperation([event.id]),
      );
      expect((await readStored(store, event.id))?.event.status, `${before}, then ${now}`).toBe(
        expected([now, "success"]),
      );
    }
  }
});

test("a transaction refreshes statuses by the same rule, and of the named events only", async () => {
  const store = await freshStore();
  const commit = committer(store);
  const [named, unnamed] = [newEvent(), newEvent()];
  await commit(
    ...appendOperations([named, unnamed].map((event) => ({ event, payload: newPayload() }))),
    addOperation([named, unnamed].map(({ id }) => newPending({ eventId: id, status: "cancelled" }))),
  );
  await store.write((tx) => refreshStatuses(tx, [named.id, named.id]));
  expect((await readStored(store, named.id))?.event.status).toBe("failed");
  expect((await readStored(store, unnamed.id))?.event.status).toBe("received");
});

test("an event that is found to be valid after all is no longer held back", async () => {
  const store = await freshStore();
  const held = { signatureValid: false, signatureReason: "mismatch", quarantined: true } as const;
  const [released, kept] = [newEvent(held), newEvent(held)];
  await committer(store)(
    ...appendOperations([released, kept].map((event) => ({ event, payload: newPayload() }))),
    releaseOperation([released.id]),
  );
  expect((await readStored(store, released.id))?.event).toEqual({
    ...released,
    signatureValid: true,
    signatureReason: "ok",
    quarantined: false,
  });
  expect((await readStored(store, kept.id))?.event).toEqual(kept);
});
