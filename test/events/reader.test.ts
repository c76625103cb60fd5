import type { KyselyPlugin } from "kysely";
import { expect, test } from "vitest";

import { StoreError } from "../../src/db/store-error.ts";
import type { Store } from "../../src/db/store.ts";
import { appendOperations } from "../../src/events/append.ts";
import type { Event } from "../../src/events/event.ts";
import { readTogetherMax } from "../../src/events/read.ts";
import { createStoredReader } from "../../src/events/reader.ts";
import { committer, ids, newEvent, newPayload } from "../support/records.ts";
import { execute, freshStore, idLiteral } from "../support/store.ts";

const append = async (store: Store, count: number): Promise<readonly Event[]> => {
  const events = Array.from({ length: count }, () => newEvent());
  const arrivals = events.map((event) => ({ event, payload: newPayload({ body: Buffer.from(event.id) }) }));
  await committer(store)(...appendOperations(arrivals));
  return events;
};

/** Reads of a store. `onRead` is told of each, and may spoil it. */
const watch = (store: Store, onRead: () => void): Pick<Store, "lookup"> => {
  const plugin: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      onRead();
      return result;
    },
  };
  return { lookup: <Tables>() => store.lookup<Tables>().withPlugin(plugin) };
};

test("what is asked for at once is read together, and each gets its own", async () => {
  const store = await freshStore();
  const events = await append(store, 2 * readTogetherMax + 3);
  let reads = 0;
  const read = createStoredReader(watch(store, () => (reads += 1)));
  const asked = [...events.map(({ id }) => id), ids.next(), events[0]!.id];
  const found = await Promise.all(asked.map(read));
  expect(found.map((stored) => stored?.event.id)).toEqual([...events.map(({ id }) => id), undefined, events[0]!.id]);
  expect(found.slice(0, -2).map((stored) => Buffer.from(stored!.payload.body).toString())).toEqual(
    events.map(({ id }) => id),
  );
  expect(reads).toBe(3);
});

test("an event that cannot be read keeps nobody from the others", async () => {
  const store = await freshStore();
  const [well, broken] = await append(store, 2);
  const noHeaders = `update payloads set headers = body where event_id = ${idLiteral(broken!.id)}`;
  await store.write((tx) => execute(tx, noHeaders));
  const read = createStoredReader(store);
  const [first, second] = await Promise.allSettled([read(broken!.id), read(well!.id)]);
  expect(first).toMatchObject({ status: "rejected" });
  expect(second).toMatchObject({ status: "fulfilled", value: { event: well } });
});

test.for([
  { name: "fails for a reason that may lie in one row is asked again, one by one", code: "other", status: "fulfilled" },
  { name: "cannot be asked now is not asked again", code: "unavailable", status: "rejected" },
] as const)("a query that $name", async ({ code, status }) => {
  const store = await freshStore();
  const events = await append(store, 3);
  let reads = 0;
  const watched = watch(store, () => {
    reads += 1;
    if (reads === 1) throw new StoreError(code, "broken");
  });
  const read = createStoredReader(watched);
  const settled = await Promise.allSettled(events.map(({ id }) => read(id)));
  expect(settled.map((each) => each.status)).toEqual(events.map(() => status));
  expect(reads).toBe(status === "fulfilled" ? 4 : 1);
});
