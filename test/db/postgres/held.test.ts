import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";

import { runIn } from "../../../harness/postgres.ts";
import type { Join } from "../../../src/db/group-commit.ts";
import { exclusiveSql } from "../../../src/db/postgres/_locks.ts";
import { updateStatement } from "../../../src/db/statement.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { freshDirectory } from "../../support/store.ts";
import { openMarks, outcomeOf } from "./_marks.ts";

/** How long a batch waits for a lock, then how long each of its parts does, and what a busy machine adds. */
const first = { waitMs: 5_000, partsMs: 17 * 250, slackMs: 5_000 } as const;

const rows = 64;

const add = updateStatement({
  table: "counted",
  match: { name: "integer" },
  set: {},
  compute: { value: "value + 1" },
});

/** Somebody's open transaction, as in a terminal that was left. */
const hold = async (url: string, statement: string): Promise<Client> => {
  const client = new Client({ connectionString: url });
  onTestFinished(() => client.end());
  await client.connect();
  await client.query(`begin; ${statement}`);
  return client;
};

const start = async () => {
  const url = await ensureDatabase(freshDirectory());
  await runIn(
    url,
    "create table counted (name bigint primary key, value bigint not null)",
    `insert into counted select name, 0 from generate_series(1, ${rows}) as name`,
  );
  const marked = await openMarks(url);
  const sizes: number[] = [];
  /** Adds one to the row of that name. */
  const count: Join<number, number> = marked.store.line({
    name: "counts",
    itemsMax: rows,
    draft: (names) => {
      sizes.push(names.length);
      return {
        operations: [{ statement: add, rows: names.map((name) => [name]) }],
        committed: () => [...names],
      };
    },
  });
  const values = async (): Promise<readonly number[]> =>
    (await runIn(url, "select value from counted order by name")).map(({ value }) => Number(value));
  return { url, ...marked, count, values, sizes };
};

const names = Array.from({ length: rows }, (_, index) => index + 1);

test("who changes a row that somebody holds is refused alone, and next time nobody waits for long", async () => {
  const { url, join, marks, count, values } = await start();
  const client = await hold(url, "update counted set value = 100 where name = 17");
  const startedMs = performance.now();
  const [mark, ...counts] = await Promise.all([join(1), ...names.map((name) => outcomeOf(count(name)))]);
  expect(performance.now() - startedMs).toBeLessThan(first.waitMs + first.partsMs + first.slackMs);
  expect(mark).toBe(1);
  expect(counts).toEqual(names.map((name) => (name === 17 ? "held" : name)));
  expect(await values()).toEqual(names.map((name) => (name === 17 ? 0 : 1)));

  const againMs = performance.now();
  expect(await Promise.all([outcomeOf(count(17)), join(2), outcomeOf(count(3))])).toEqual(["held", 2, 3]);
  expect(performance.now() - againMs).toBeLessThan(first.waitMs);
  expect(await marks()).toEqual([1, 2]);

  await client.query("rollback");
  expect(await count(17)).toBe(17);
  expect(await values()).toEqual(names.map((name) => (name === 3 ? 2 : 1)));
});

test("where all rows are held, what changes none of them is written, and the others are not tried for ever", async () => {
  const { url, join, count, values, sizes } = await start();
  await hold(url, "update counted set value = 100");
  const startedMs = performance.now();
  const [mark, ...counts] = await Promise.all([join(1), ...names.map((name) => outcomeOf(count(name)))]);
  expect(performance.now() - startedMs).toBeLessThan(first.waitMs + first.partsMs + first.slackMs);
  expect(mark).toBe(1);
  expect(counts).toEqual(names.map(() => "held"));
  expect(sizes.length).toBeLessThan(30);
  expect(await values()).toEqual(names.map(() => 0));
});

test("what changes of the routing wait for is no row: batches wait as long as ever, and are refused together", async () => {
  const { url, join, count, sizes } = await start();
  const client = await hold(url, `select ${exclusiveSql("routing")}`);
  expect(await Promise.all([outcomeOf(join(1)), outcomeOf(count(1))])).toEqual(["unavailable", "unavailable"]);
  expect(sizes).toEqual([1]);
  await client.query("rollback");
  expect(await Promise.all([join(1), count(1)])).toEqual([1, 1]);
});
