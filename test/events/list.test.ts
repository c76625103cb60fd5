import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import type { Store } from "../../src/db/store.ts";
import { appendOperations } from "../../src/events/append.ts";
import { type Event, eventStatuses } from "../../src/events/event.ts";
import { countEvents, type EventFilter, listEvents, searchEvents, totalMax } from "../../src/events/list.ts";
import { createIds, type Ids } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { committer, ids, newEvent, newPayload, newScope } from "../support/records.ts";
import { freshStore, openStore } from "../support/store.ts";

const startMs = 1_800_000_000_000;
const owner = { ...newScope(), sourceId: ids.next() };
const others = [
  { ...owner, teamId: ids.next(), sourceId: ids.next() },
  { ...owner, envId: ids.next(), sourceId: ids.next() },
  { ...owner, sourceId: ids.next() },
];
const all = { limit: 1000, offset: 0 };

/** Ids as a clock that ticks by hand gives them. */
const timedIds = (): { ids: Ids; at(ms: number): void } => {
  let nowMs = startMs;
  return {
    ids: createIds({ nowMs: () => nowMs }, createSystemRandom()),
    at: (ms) => {
      nowMs = ms;
    },
  };
};

const append = async (store: Store, events: readonly { event: Event; body?: Buffer }[]): Promise<void> => {
  await committer(store)(
    ...appendOperations(
      events.map(({ event, body = Buffer.from("{}") }) => ({ event, payload: newPayload({ body }) })),
    ),
  );
};

describe("a list", () => {
  const types = ["order.created", "order.paid", null] as const;
  const directory = mkdtempSync(join(tmpdir(), "postern-"));
  let store: Store;
  let events: readonly Event[];

  // One of each kind at every second, and as many again of other owners' sources, and of another of the same owner.
  beforeAll(async () => {
    const timed = timedIds();
    const kinds = types.flatMap((eventType) =>
      eventStatuses.flatMap((status) => [true, false].map((signatureValid) => ({ eventType, status, signatureValid }))),
    );
    const made = kinds.map((kind, second) => {
      const receivedAtMs = startMs + second * 1000;
      timed.at(receivedAtMs);
      return newEvent({ ...owner, ...kind, id: timed.ids.next(), receivedAtMs });
    });
    const strangers = made.flatMap((event) => others.map((other) => ({ ...event, ...other, id: timed.ids.next() })));
    store = await openStore({ directory });
    await append(
      store,
      [...made, ...strangers].map((event) => ({ event })),
    );
    events = made.toReversed();
    return async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    };
  });

  const filters: fc.Arbitrary<EventFilter> = fc.record(
    {
      eventType: fc.constantFrom("order.created", "order.paid", "order"),
      status: fc.constantFrom(...eventStatuses),
      signatureValid: fc.boolean(),
      fromMs: fc.integer({ min: startMs - 1500, max: startMs + 25_500 }),
      toMs: fc.integer({ min: startMs - 1500, max: startMs + 25_500 }),
    },
    { requiredKeys: [] },
  );
  const passes = (event: Event, { eventType, status, signatureValid, fromMs, toMs }: EventFilter): boolean =>
    (eventType === undefined || event.eventType === eventType) &&
    (status === undefined || event.status === status) &&
    (signatureValid === undefined || event.signatureValid === signatureValid) &&
    (fromMs === undefined || event.receivedAtMs >= fromMs) &&
    (toMs === undefined || event.receivedAtMs < toMs);

  test("holds what passes the filter, newest first, and its count", async () => {
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const expected = events.filter((event) => passes(event, filter));
        expect(await listEvents(store, owner, filter, all)).toEqual(expected);
        expect(await countEvents(store, owner, filter)).toEqual({ total: expected.length, capped: false });
      }),
      { numRuns: 60 },
    );
  });

  test("comes in pages that together are the whole, by number and by cursor", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 30 }), filters, async (limit, filter) => {
        const whole = await listEvents(store, owner, filter, all);
        const numbered: Event[] = [];
        const followed: Event[] = [];
        for (let offset = 0; offset <= whole.length; offset += limit) {
          numbered.push(...(await listEvents(store, owner, filter, { limit, offset })));
          const before = followed.at(-1)?.id;
          followed.push(
            ...(await listEvents(store, owner, filter, {
              limit,
              offset: 0,
              ...(before === undefined ? {} : { before }),
            })),
          );
        }
        expect(numbered).toEqual(whole);
        expect(followed).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  test("invariant 7: is of whoever owns the source, and of nobody who names it", async () => {
    for (const other of others) {
      expect(await countEvents(store, other, {})).toEqual({ total: events.length, capped: false });
      const { sourceId } = other;
      const shown = other.teamId === owner.teamId && other.envId === owner.envId ? events.length : 0;
      expect(await listEvents(store, { ...owner, sourceId }, {}, all)).toHaveLength(shown);
      expect(await countEvents(store, { ...owner, sourceId }, {})).toEqual({ total: shown, capped: false });
    }
  });

  test.for(["teamId", "envId", "sourceId"] as const)("invariant 7: shows nothing to another %s", async (part) => {
    const stranger = { ...owner, [part]: ids.next() };
    expect(await listEvents(store, stranger, {}, all)).toEqual([]);
    expect(await countEvents(store, stranger, {})).toEqual({ total: 0, capped: false });
    expect(await searchEvents(store, stranger, { text: "{}" }, { limit: 10 })).toEqual({
      events: [],
      nextBefore: null,
    });
  });
});

describe("a search", () => {
  const searched = async (bodies: readonly (string | Buffer)[]) => {
    const store = await freshStore();
    const events = bodies.map((body) => ({ event: newEvent({ ...owner }), body: Buffer.from(body) }));
    await append(store, events);
    return async (text: string, limit = 100) => {
      const { events: found, nextBefore } = await searchEvents(store, owner, { text }, { limit });
      return { found: found.map(({ id }) => events.findIndex(({ event }) => event.id === id)), nextBefore };
    };
  };

  test.for([
    ["a word", "needle", [0, 3]],
    ["another case", "Needle", [1]],
    ["letters beyond ASCII", "héllo ☃", [2]],
    ["what other searches take for wildcards", "100%_", [3]],
    ["a quote", `"it's"`, [4]],
    ["a NUL and what follows", "\0after", [5]],
    ["what stands nowhere", "nothing", []],
  ] as const)("finds %s as it is", async ([_, text, expected]) => {
    const find = await searched([
      "a needle",
      "a Needle",
      "say héllo ☃",
      "needle at 100%_",
      `{"a":"it's"}`,
      Buffer.from([0xff, 0xfe, 0, ...Buffer.from("after")]),
    ]);
    expect(await find(text)).toEqual({ found: expected.toReversed(), nextBefore: null });
  });

  test("ends at its limit, and goes on from there", async () => {
    const store = await freshStore();
    const events = Array.from({ length: 5 }, () => newEvent({ ...owner }));
    await append(
      store,
      events.map((event) => ({ event, body: Buffer.from("needle") })),
    );
    const first = await searchEvents(store, owner, { text: "needle" }, { limit: 3 });
    expect(first.events.map(({ id }) => id)).toEqual([4, 3, 2].map((at) => events[at]!.id));
    expect(first.nextBefore).toBe(events[2]!.id);
    const second = await searchEvents(store, owner, { text: "needle" }, { limit: 3, before: first.nextBefore! });
    expect(second.events.map(({ id }) => id)).toEqual([1, 0].map((at) => events[at]!.id));
    expect(second.nextBefore).toBeNull();
  });

  test("looks at 10,000 events of the filter, and says where to go on; a count is capped there", async () => {
    const store = await freshStore();
    const events = Array.from({ length: totalMax + 5 }, (_, at) =>
      newEvent({ ...owner, eventType: at < 2 ? "rare" : "often" }),
    );
    await append(
      store,
      events.map((event, at) => ({ event, body: Buffer.from(at === 0 ? "needle" : "hay") })),
    );
    expect(await countEvents(store, owner, {})).toEqual({ total: totalMax, capped: true });

    const first = await searchEvents(store, owner, { text: "needle" }, { limit: 10 });
    expect(first).toEqual({ events: [], nextBefore: events[5]!.id });
    const second = await searchEvents(store, owner, { text: "needle" }, { limit: 10, before: first.nextBefore! });
    expect(second).toEqual({ events: [events[0]], nextBefore: null });
    const narrowed = await searchEvents(store, owner, { text: "needle", eventType: "rare" }, { limit: 10 });
    expect(narrowed).toEqual({ events: [events[0]], nextBefore: null });
  });
});
