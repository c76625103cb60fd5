import { CompiledQuery, type KyselyPlugin } from "kysely";
import { expect, test } from "vitest";

import type { Store } from "../../src/db/store.ts";
import { listAttemptKeys } from "../../src/delivery/list-attempts.ts";
import type { AcrossFilter } from "../../src/events/across.ts";
import { countAcross, listAcross, readByIds } from "../../src/events/list-across.ts";
import { countEvents, type EventFilter, listEvents, searchEvents } from "../../src/events/list.ts";
import { readStored } from "../../src/events/read.ts";
import { walkEvents } from "../../src/events/scan.ts";
import { searchAcross } from "../../src/events/search-across.ts";
import { isPostgres } from "../support/postgres.ts";
import { ids } from "../support/records.ts";
import { execute, freshDirectory, freshStore, idLiteral, reachInto } from "../support/store.ts";

const rows = 100_000;
const owner = { teamId: ids.next(), envId: ids.next(), sourceId: ids.next() };

/** Numbers from 1, in the words of the engine. */
const numbers = isPostgres
  ? `generate_series(1, ${rows}) as numbers(n)`
  : `(with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${rows}) select n from numbers)`;
const idOf = isPostgres ? "decode(lpad(n::text, 32, '0'), 'hex')" : "cast(printf('%016d', n) as blob)";

/** Nine of ten events are of one type and succeeded; a few of each other kind. */
const fill = async (store: Store): Promise<void> => {
  const [team, env, source] = [owner.teamId, owner.envId, owner.sourceId].map(idLiteral);
  await store.write((tx) =>
    execute(
      tx,
      `insert into events (id, team_id, env_id, source_id, event_type, status, signature_valid, signature_reason,
         quarantined, provider_event_id, body_bytes, received_at_ms)
       select ${idOf}, ${team}, ${env}, ${source},
         case when n % 1000 = 0 then 'rare' when n % 10 = 0 then 'pull' else 'push' end,
         case when n % 500 = 0 then 'failed' else 'succeeded' end,
         case when n % 700 = 0 then 0 else 1 end, 'ok', 0, null, 2, n from ${numbers}`,
    ),
  );
};

/** A store that notes what it is asked, and how it would answer. */
const watch = (store: Store) => {
  const asked: CompiledQuery[] = [];
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      asked.push(store.list<object>().getExecutor().compileQuery(node, queryId));
      return node;
    },
    transformResult: ({ result }) => Promise.resolve(result),
  };
  const watched = {
    list: <Tables>() => store.list<Tables>().withPlugin(plugin),
    lookup: <Tables>() => store.lookup<Tables>().withPlugin(plugin),
  };
  const plans = async (): Promise<readonly string[]> => {
    const lines: string[] = [];
    for (const { sql, parameters } of asked.splice(0)) {
      const query = CompiledQuery.raw(`explain ${isPostgres ? "" : "query plan "}${sql}`, [...parameters]);
      const { rows: found } = await store.list<object>().executeQuery<Record<string, unknown>>(query);
      lines.push(...found.map((row) => String(row["QUERY PLAN"] ?? row["detail"])));
    }
    return lines;
  };
  return { watched, plans };
};

/** Reading one of the tables that grow from its beginning to its end. */
const wholeScan = /(?:Seq Scan on|SCAN) (?:events|payloads|deliveries|attempts)\b/;

const filters: readonly EventFilter[] = [
  {},
  { eventType: "rare" },
  { eventType: "push" },
  { eventType: "nowhere" },
  { status: "failed" },
  { status: "forwarding" },
  { status: "succeeded" },
  { eventType: "push", status: "failed" },
  { signatureValid: false },
  { signatureValid: true },
  { fromMs: 1, toMs: 2 },
];

test("no list, count, search or walk reads a whole table of 100,000 events, and rare ones are found at once", async () => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  await fill(store);
  await reachInto(directory, "analyze");
  const { watched, plans } = watch(store);
  for (const filter of filters) {
    await listEvents(watched, owner, filter, { limit: 25, offset: 0 });
    await countEvents(watched, owner, filter);
    await searchEvents(watched, owner, { ...filter, text: "nowhere" }, { limit: 25 });
    const lines = await plans();
    expect([filter, lines.filter((line) => wholeScan.test(line))]).toEqual([filter, []]);
    expect(lines.length).toBeGreaterThan(3);
  }
  await walkEvents(watched, owner, { eventType: "rare" }, { after: null, through: ids.next(), limit: 25 });
  await readStored(watched, ids.next());
  expect((await plans()).filter((line) => wholeScan.test(line))).toEqual([]);

  const indexOf = async (filter: EventFilter): Promise<string> => {
    await countEvents(watched, owner, filter);
    return (await plans()).join("\n");
  };
  expect(await indexOf({ eventType: "rare" })).toContain("events_by_type");
  expect(await indexOf({ status: "forwarding" })).toContain("events_by_status");
  expect(await indexOf({ signatureValid: false })).toContain("events_unproven");
  expect(await countEvents(store, owner, { eventType: "rare" })).toEqual({ total: 100, capped: false });
  expect(await countEvents(store, owner, { status: "failed" })).toEqual({ total: 200, capped: false });
});

/** As it is in use. SQLite keeps no statistics unless it is told to, and nobody tells it. */
const settle = async (directory: string): Promise<void> => {
  if (isPostgres) await reachInto(directory, "vacuum (analyze) events, attempts");
};

/** The first says which index is looked through, without a look at the events themselves. */
const inIndex = (index: string): RegExp =>
  isPostgres
    ? new RegExp(`Index Only Scan (?:Backward )?using ${index} on events`)
    : new RegExp(`SEARCH events USING COVERING INDEX ${index} `);

/** Events that are looked at one by one, each perhaps on a page of its own. */
const eachEvent = isPostgres
  ? /(?:Index Scan (?:Backward )?using \w+|Bitmap Heap Scan) on events(?: (?!any_of_source)|$)/m
  : /SEARCH events USING (?:INDEX|PRIMARY KEY)/;

const answeredInIndex: readonly (readonly [string, EventFilter])[] = [
  ["events_by_source", {}],
  ["events_by_source", { fromMs: 1, toMs: Date.now() }],
  ["events_by_type", { eventType: "pull" }],
  ["events_by_status", { status: "failed" }],
  ["events_by_status", { eventType: "push", status: "failed", toMs: Date.now() }],
  ["events_by_status", { status: "failed", signatureValid: true }],
  ["events_by_status", { eventType: "pull", status: "failed", signatureValid: true }],
  ["events_unproven", { signatureValid: false }],
  ["events_unproven", { eventType: "pull", signatureValid: false }],
];

test("what is counted or skipped is not read: an index has it all", async () => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  await fill(store);
  await settle(directory);
  const { watched, plans } = watch(store);
  for (const [index, filter] of answeredInIndex) {
    await countEvents(watched, owner, filter);
    const counted = (await plans()).join("\n");
    expect([filter, counted]).toEqual([filter, expect.stringMatching(inIndex(index))]);
    expect(counted).not.toMatch(eachEvent);
    // However far the page is from the newest event, only its own are read.
    await listEvents(watched, owner, filter, { limit: 25, offset: 100 });
    expect([filter, (await plans()).join("\n")]).toEqual([filter, expect.stringMatching(inIndex(index))]);
  }
});

const answeredAcross: readonly (readonly [string, AcrossFilter])[] = [
  ["events_by_source", {}],
  ["events_by_status", { status: "failed" }],
  ["events_by_status", { status: "failed", verification: "verified" }],
  ["events_refuted", { verification: "failed" }],
  ["events_unproven", { verification: "skipped" }],
  ["events_schema_invalid", { verification: "schema_invalid" }],
  ["events_duplicate", { dedup: "duplicate" }],
  ["events_by_method", { method: "PUT" }],
];

test("nor is it over many sources", async () => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  await fill(store);
  await settle(directory);
  const { watched, plans } = watch(store);
  const ofMany = { ...owner, sourceIds: [owner.sourceId, ids.next(), ids.next()] };
  for (const [index, filter] of answeredAcross) {
    await countAcross(watched, ofMany, filter);
    const counted = (await plans()).join("\n");
    expect([filter, counted]).toEqual([filter, expect.stringMatching(inIndex(index))]);
    expect(counted).not.toMatch(eachEvent);
  }
});

test("a source's owner is found by the source, however long it has been silent", async () => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  await fill(store);
  await settle(directory);
  const { watched, plans } = watch(store);
  await countEvents(watched, owner, {});
  const asked = (await plans()).filter((line) => line.includes("any_of_source"));
  expect(asked.length).toBeGreaterThan(0);
  for (const line of asked) expect(line).toContain("events_by_source");
});

/** Event by event, each by its key. */
const byKey = isPostgres ? /Index Scan (?:Backward )?using events_pkey on events/ : /SEARCH events USING PRIMARY KEY/;

test("events that are asked once more whose they are, are found by their key", async () => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  await fill(store);
  await settle(directory);
  const { watched, plans } = watch(store);
  // A page, and as many as a page of attempts may name.
  for (const count of [1, 26, 1_000]) {
    await readByIds(
      watched,
      owner,
      Array.from({ length: count }, () => ids.next()),
    );
    const lines = await plans();
    expect(lines.join("\n")).toMatch(byKey);
    expect(lines.filter((line) => wholeScan.test(line) || line.includes("events_by"))).toEqual([]);
  }
});

/** Of events of many sources. */
const across: readonly AcrossFilter[] = [
  {},
  { status: "failed" },
  { status: "succeeded" },
  { verification: "verified" },
  { verification: "failed" },
  { verification: "skipped" },
  { verification: "schema_invalid" },
  { dedup: "duplicate" },
  { dedup: "unique" },
  { method: "PUT" },
  { fromMs: 1, toMs: 2 },
  { idPrefix: "0123456789" },
];

test("nor does any over many sources", async () => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  await fill(store);
  await reachInto(directory, "analyze");
  const { watched, plans } = watch(store);
  const ofMany = { ...owner, sourceIds: [owner.sourceId, ...Array.from({ length: 5 }, () => ids.next())] };
  for (const filter of across) {
    await listAcross(watched, ofMany, filter, { limit: 51, offset: 0 });
    await countAcross(watched, ofMany, filter);
    if (filter.verification !== undefined) {
      await searchAcross(watched, ofMany, { ...filter, text: "nowhere" }, undefined);
    }
    const lines = await plans();
    expect([filter, lines.filter((line) => wholeScan.test(line))]).toEqual([filter, []]);
    expect(lines.length).toBeGreaterThan(1);
  }
});

const attempts = 50_000;

/** Two attempts of each event. */
const tryAll = async (store: Store): Promise<void> => {
  const [team, env] = [owner.teamId, owner.envId].map(idLiteral);
  const id = idLiteral(ids.next());
  await store.write((tx) =>
    execute(
      tx,
      `insert into attempts (event_id, delivery_id, number, team_id, env_id, destination_id, attempt_id, duration_ms,
         started_at_ms)
       select ${idOf}, ${id}, number, ${team}, ${env}, ${id}, ${idOf}, 1, 1
       from ${numbers}, (select 1 as number union all select 2) as tries where n <= ${attempts / 2}`,
    ),
  );
};

test("nor does a list of attempts walk through all that there are for those of one event", async () => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  await tryAll(store);
  await settle(directory);
  const { watched, plans } = watch(store);
  const [known] = await listAttemptKeys(store, owner, { limit: 1 });
  const { eventId, id } = known!;
  expect(await listAttemptKeys(watched, owner, { limit: 1_000, eventId })).toHaveLength(2);
  expect(await listAttemptKeys(watched, { ...owner, envId: ids.next() }, { limit: 1_000, eventId })).toEqual([]);
  expect(await listAttemptKeys(watched, owner, { limit: 1_000, eventId, before: id })).toEqual([]);
  const ofEvent = (await plans()).join("\n");
  expect(ofEvent).not.toContain("attempts_by_team");
  expect(ofEvent).not.toMatch(wholeScan);
  await listAttemptKeys(watched, owner, { limit: 1_000, before: id });
  expect((await plans()).join("\n")).toContain("attempts_by_team");
});
