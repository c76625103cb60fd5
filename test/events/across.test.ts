import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";

import type { Store } from "../../src/db/store.ts";
import type { AcrossFilter } from "../../src/events/across.ts";
import { appendOperations } from "../../src/events/append.ts";
import { type Event, eventStatuses } from "../../src/events/event.ts";
import { countAcross, listAcross, readByIds } from "../../src/events/list-across.ts";
import { searchAcross } from "../../src/events/search-across.ts";
import { createIds, type Id } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { committer, ids, newEvent, newPayload, newScope } from "../support/records.ts";
import { openStore } from "../support/store.ts";

const startMs = 1_800_000_000_000;
const owner = newScope();
/** Sources of another team, of another environment, and one that nobody asks for. */
const others = [
  { ...owner, teamId: ids.next(), sourceId: ids.next() },
  { ...owner, envId: ids.next(), sourceId: ids.next() },
  { ...owner, sourceId: ids.next() },
];
/** More than one statement compares. */
const sourceIds = Array.from({ length: 130 }, () => ids.next());

type Kind = Pick<Event, "signatureValid" | "signatureReason" | "schemaValid">;

const kinds: readonly (readonly [NonNullable<AcrossFilter["verification"]>, Kind])[] = [
  ["verified", { signatureValid: true, signatureReason: "ok", schemaValid: null }],
  ["verified", { signatureValid: true, signatureReason: "ok", schemaValid: true }],
  ["failed", { signatureValid: false, signatureReason: "mismatch", schemaValid: null }],
  ["skipped", { signatureValid: false, signatureReason: "skipped", schemaValid: true }],
  ["schema_invalid", { signatureValid: true, signatureReason: "ok", schemaValid: false }],
  ["schema_invalid", { signatureValid: false, signatureReason: "skipped", schemaValid: false }],
];

const verificationOf = (event: Event): string | undefined =>
  kinds.find(
    ([, kind]) =>
      kind.signatureReason === event.signatureReason && (kind.schemaValid === false) === (event.schemaValid === false),
  )?.[0];

const bodyOf = (event: Event): string => `{"of":"${event.method}"}`;

const isWanted = (event: Event, filter: AcrossFilter, of: readonly Id[]): boolean =>
  of.includes(event.sourceId) &&
  (filter.status ?? event.status) === event.status &&
  (filter.verification ?? verificationOf(event)) === verificationOf(event) &&
  (filter.dedup ?? event.dedup ?? "unique") === (event.dedup ?? "unique") &&
  (filter.method ?? event.method) === event.method &&
  (filter.fromMs ?? 0) <= event.receivedAtMs &&
  (filter.toMs ?? Infinity) > event.receivedAtMs &&
  event.id.replaceAll("-", "").startsWith(filter.idPrefix ?? "");

describe("events of many sources", () => {
  const directory = mkdtempSync(join(tmpdir(), "postern-"));
  let store: Store;
  /** Newest first. */
  let events: readonly Event[];

  beforeAll(async () => {
    let nowMs = startMs;
    const timed = createIds({ nowMs: () => nowMs }, createSystemRandom());
    const pick = <Item>(items: readonly Item[], at: number): Item => items[at % items.length]!;
    const made = Array.from({ length: 400 }, (_, at): Event => {
      nowMs = startMs + at * 1000;
      return newEvent({
        ...owner,
        ...pick(kinds, at)[1],
        id: timed.next(),
        sourceId: pick(sourceIds, at * 7),
        status: pick(eventStatuses, Math.floor(at / 3)),
        dedup: pick([null, "unique", "duplicate"] as const, Math.floor(at / 5)),
        method: pick(["POST", "PUT"], Math.floor(at / 2)),
        receivedAtMs: nowMs,
      });
    });
    const strangers = made.flatMap((event) => others.map((other) => ({ ...event, ...other, id: timed.next() })));
    store = await openStore({ directory });
    await committer(store)(
      ...appendOperations(
        [...made, ...strangers]
          .toSorted((a, b) => (a.id < b.id ? -1 : 1))
          .map((event) => ({ event, payload: newPayload({ body: Buffer.from(bodyOf(event)) }) })),
      ),
    );
    events = made.toReversed();
    return async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    };
  });

  const filters: fc.Arbitrary<AcrossFilter> = fc.record(
    {
      status: fc.constantFrom(...eventStatuses),
      verification: fc.constantFrom("verified", "failed", "skipped", "schema_invalid"),
      dedup: fc.constantFrom("unique", "duplicate"),
      method: fc.constantFrom("POST", "PUT", "GET"),
      fromMs: fc.integer({ min: startMs - 1500, max: startMs + 401_500 }),
      toMs: fc.integer({ min: startMs - 1500, max: startMs + 401_500 }),
      idPrefix: fc.nat(399).map((at) => events[at]!.id.replaceAll("-", "").slice(0, 11)),
    },
    { requiredKeys: [] },
  );
  const pages = fc.record({ limit: fc.integer({ min: 1, max: 60 }), offset: fc.nat(80), at: fc.option(fc.nat(399)) });
  const some = fc.constantFrom(sourceIds, sourceIds.slice(0, 1), sourceIds.slice(60, 90), []);

  test("are those of the filter, newest first, whatever the page", async () => {
    await fc.assert(
      fc.asyncProperty(filters, pages, some, async (filter, { limit, offset, at }, of) => {
        const before = at === null ? undefined : events[at]!.id;
        const wanted = events.filter((event) => isWanted(event, filter, of));
        const older = wanted.filter(({ id }) => before === undefined || id < before);
        const asked = { ...owner, sourceIds: of };
        const page = { limit, offset, ...(before === undefined ? {} : { before }) };
        expect(await listAcross(store, asked, filter, page)).toEqual(older.slice(offset, offset + limit));
        expect(await countAcross(store, asked, filter)).toEqual({ total: wanted.length, capped: false });
      }),
      { numRuns: 60 },
    );
  });

  test("invariant 7: are of whoever owns their sources, whoever names these", async () => {
    const named = others.map(({ sourceId }) => sourceId);
    for (const { sourceId, ...whose } of others) {
      const own = others.filter(({ teamId, envId }) => teamId === whose.teamId && envId === whose.envId).length;
      const asked = { ...whose, sourceIds: named };
      expect(await countAcross(store, asked, {})).toEqual({ total: own * events.length, capped: false });
      const listed = await listAcross(store, asked, {}, { limit: 2_000, offset: 0 });
      expect(new Set(listed.map((event) => event.sourceId))).toEqual(new Set([sourceId]));
    }
  });

  test("invariant 7: are not given to others who name their ids", async () => {
    const [wanted] = events;
    for (const { sourceId, ...whose } of others.slice(0, 2)) {
      const [theirs] = await listAcross(store, { ...whose, sourceIds: [sourceId] }, {}, { limit: 1, offset: 0 });
      const named = [theirs!.id, wanted!.id];
      expect(await readByIds(store, owner, named)).toEqual([wanted]);
      expect(await readByIds(store, whose, named)).toEqual([theirs]);
    }
  });

  test("are found by what is in their bodies", async () => {
    await fc.assert(
      fc.asyncProperty(filters, some, fc.constantFrom("PUT", '"of"', "nowhere"), async (filter, of, text) => {
        const wanted = events.filter((event) => isWanted(event, filter, of) && bodyOf(event).includes(text));
        const asked = { ...owner, sourceIds: of };
        expect(await searchAcross(store, asked, { ...filter, text }, undefined)).toEqual({
          ids: wanted.map(({ id }) => id),
          nextBefore: null,
        });
      }),
      { numRuns: 30 },
    );
  });
});
