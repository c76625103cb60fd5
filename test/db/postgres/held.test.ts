import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";

import { runIn } from "../../../harness/postgres.ts";
import type { Join } from "../../../src/db/group-commit.ts";
import { exclusiveSql } from "../../../src/db/postgres/_locks.ts";
import { updateStatement } from "../../../src/db/statement.ts";
import { idFloor } from "../../../src/lib/ids.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { freshDirectory } from "../../support/store.ts";
import { type MarkedStore, openMarks, outcomeOf } from "./_marks.ts";

/** How long a batch waits for a lock, and what a busy machine adds. */
const waitMs = 4_000;
const slackMs = 4_000;

const rows = 64;
const names = Array.from({ length: rows }, (_, index) => index + 1);

const add = updateStatement({ table: "counted", match: { id: "id" }, set: {}, compute: { value: "value + 1" } });

/** Somebody's open transaction, as in a terminal that was left. */
const hold = async (url: string, ...statements: readonly string[]): Promise<Client> => {
  const client = new Client({ connectionString: url });
  onTestFinished(() => client.end());
  await client.connect();
  for (const sql of ["begin", ...statements]) await client.query(sql);
  return client;
};

/** Changes those whose number divides by this one. */
const holdEvery = (url: string, each: number): Promise<Client> =>
  hold(url, `update counted set value = 100 where name % ${each} = 0`);

type Counted = MarkedStore & {
  readonly url: string;
  /** Adds one to the row of that name. */
  readonly count: Join<number, number>;
  /** The same on a line that does not tell which row that is. */
  readonly countUntold: Join<number, number>;
  /** How many were drafted together, each time. */
  readonly drafted: readonly number[];
  values(): Promise<readonly number[]>;
};

const start = async (url: string): Promise<Counted> => {
  const marked = await openMarks(url);
  const drafted: number[] = [];
  const lineOf = (name: string, tells: boolean): Join<number, number> =>
    marked.store.line({
      name,
      itemsMax: rows,
      ...(tells ? { rows: (of: number) => [{ table: "counted", key: { id: idFloor(of) } }] } : {}),
      draft: (items) => {
        drafted.push(items.length);
        return {
          operations: [{ statement: add, rows: items.map((of) => [idFloor(of)]) }],
          committed: () => [...items],
        };
      },
    });
  return {
    ...marked,
    url,
    count: lineOf("counts", true),
    countUntold: lineOf("untold counts", false),
    drafted,
    values: async () => (await runIn(url, "select value from counted order by name")).map(({ value }) => Number(value)),
  };
};

const makeCounted = async (): Promise<string> => {
  const url = await ensureDatabase(freshDirectory());
  await runIn(
    url,
    "create table counted (id bytea primary key, name bigint not null, value bigint not null)",
    ...names.map((name) => `insert into counted values ('\\x${idFloor(name).replaceAll("-", "")}', ${name}, 0)`),
  );
  return url;
};

/** Counts all of them and makes a mark, in one commit. */
const countAll = ({ count, join }: Counted, mark: number): Promise<readonly unknown[]> =>
  Promise.all([join(mark), ...names.map((name) => outcomeOf(count(name)))]);

type Seen = {
  readonly tookMs: readonly number[];
  readonly outcomes: readonly (readonly unknown[])[];
  readonly values: readonly (readonly number[])[];
  readonly marks: readonly number[];
};

/** Counts twice while some are held, and once when they are not any more. */
const countWhileHeld = async (each: number): Promise<Seen> => {
  const counted = await start(await makeCounted());
  const client = await holdEvery(counted.url, each);
  const seen = { tookMs: [] as number[], outcomes: [] as (readonly unknown[])[], values: [] as (readonly number[])[] };
  for (const round of [1, 2, 3]) {
    if (round === 3) await client.query("rollback");
    const startedMs = performance.now();
    seen.outcomes.push(await countAll(counted, round));
    seen.tookMs.push(performance.now() - startedMs);
    seen.values.push(await counted.values());
  }
  return { ...seen, marks: await counted.marks() };
};

test("who changes a row that somebody holds is refused alone, whether one is held, or some, or all", async () => {
  const wishes = [rows, 3, 1];
  for (const [index, seen] of (await Promise.all(wishes.map(countWhileHeld))).entries()) {
    const isHeld = (name: number): boolean => name % (wishes[index] ?? 1) === 0;
    const outcomes = names.map((name) => (isHeld(name) ? "held" : name));
    expect(seen.outcomes).toEqual([
      [1, ...outcomes],
      [2, ...outcomes],
      [3, ...names],
    ]);
    expect(seen.values).toEqual(
      [1, 2, 3].map((round) => names.map((name) => round - (isHeld(name) ? Math.min(round, 2) : 0))),
    );
    expect(seen.marks).toEqual([1, 2, 3]);
    const [first = 0, ...others] = seen.tookMs;
    expect(first).toBeGreaterThan(waitMs);
    expect(first).toBeLessThan(waitMs + slackMs);
    // From then on it is asked for, and nobody waits.
    expect(Math.max(...others)).toBeLessThan(waitMs);
  }
});

/** A row that was deleted is not one that is held. */
const countDeleted = async (): Promise<unknown> => {
  const { url, count, join } = await start(await makeCounted());
  await holdEvery(url, rows);
  await runIn(url, "delete from counted where name = 1");
  return Promise.all([join(1), ...[1, 2, rows].map((name) => outcomeOf(count(name)))]);
};

/** Of a line that does not tell its rows all are refused, also beside one that does; what waits for nobody is written. */
const countUntold = async (): Promise<unknown> => {
  const counted = await start(await makeCounted());
  await holdEvery(counted.url, rows / 2);
  return Promise.all([
    counted.join(1),
    ...[1, rows / 2].map((name) => outcomeOf(counted.count(name))),
    ...[2, rows].map((name) => outcomeOf(counted.countUntold(name))),
  ]);
};

/** Two processes that wait for the same row, and change others that the other one does not. */
const countInTwo = async (): Promise<unknown> => {
  const url = await makeCounted();
  const both = [await start(url), await start(url)];
  await holdEvery(url, rows);
  return Promise.all(both.map(({ count }, index) => Promise.all([count(index + 1), outcomeOf(count(rows))])));
};

test("what is held is told from what was deleted, whoever else waits for it; a line that tells nothing is refused as a whole", async () => {
  expect(await Promise.all([countDeleted(), countUntold(), countInTwo()])).toEqual([
    [1, 1, 2, "held"],
    [1, 1, "held", "held", "held"],
    [
      [1, "held"],
      [2, "held"],
    ],
  ]);
});

test("what all of the store waits for is no row: all are refused at once, and nothing is tried in parts", async () => {
  await Promise.all(
    [`select ${exclusiveSql("routing")}`, "lock table counted in share mode"].map(async (statement) => {
      const counted = await start(await makeCounted());
      const client = await hold(counted.url, statement);
      const [, ...outcomes] = await Promise.all([
        outcomeOf(counted.join(1)),
        outcomeOf(counted.count(1)),
        outcomeOf(counted.count(2)),
      ]);
      expect(outcomes).toEqual(["unavailable", "unavailable"]);
      expect(counted.drafted).toEqual([2]);
      await client.query("rollback");
      expect(await counted.count(1)).toBe(1);
    }),
  );
});
