import fc from "fast-check";
import { expect, test } from "vitest";

import { appendOperations } from "../../src/events/append.ts";
import { readEvent, readStored } from "../../src/events/read.ts";
import { committer, ids, newEvent, newPayload } from "../support/records.ts";
import { freshStore } from "../support/store.ts";

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) });
const headers = fc.array(fc.tuple(fc.constantFrom("a", "x-b", "cookie"), latin1), { maxLength: 5 });
const bodies = fc.uint8Array({ maxLength: 2000 });

test("what is stored is what came, byte for byte", async () => {
  const store = await freshStore();
  const commit = committer(store);
  await fc.assert(
    fc.asyncProperty(bodies, headers, latin1, fc.option(fc.ipV4()), async (body, received, query, senderAddress) => {
      const event = newEvent({ bodyBytes: body.length });
      const payload = newPayload({ body, headers: received, query: query.replaceAll("\0", ""), senderAddress });
      await commit(...appendOperations([{ event, payload }]));
      expect(await readStored(store, event.id)).toEqual({ event, payload: { ...payload, body: new Uint8Array(body) } });
    }),
    { numRuns: 60 },
  );
});

test("a query that no engine can store does not fail a batch", async () => {
  const store = await freshStore();
  const [odd, plain] = [newEvent(), newEvent()];
  await committer(store)(
    ...appendOperations([
      { event: odd, payload: newPayload({ query: "a=\0&b=\ud800" }) },
      { event: plain, payload: newPayload({ query: "a=1" }) },
    ]),
  );
  expect((await readStored(store, odd.id))?.payload.query).toBe("a=\ufffd&b=\ufffd");
  expect((await readStored(store, plain.id))?.payload.query).toBe("a=1");
});

test("invariant 7: an event is found by its team, environment and source together, and by nobody else's", async () => {
  const store = await freshStore();
  const event = newEvent();
  await committer(store)(...appendOperations([{ event, payload: newPayload() }]));
  const { teamId, envId, sourceId, id: eventId } = event;
  expect(await readEvent(store, { teamId, envId }, { sourceId, eventId })).toEqual(event);
  const other = ids.next();
  for (const strange of [{ teamId: other }, { envId: other }, { sourceId: other }, { eventId: other }]) {
    const asked = { teamId, envId, sourceId, eventId, ...strange };
    expect(await readEvent(store, asked, asked), `another ${Object.keys(strange).join()}`).toBeNull();
  }
  expect(await readStored(store, other)).toBeNull();
});
