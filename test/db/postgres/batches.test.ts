import fc from "fast-check";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";

import { runIn } from "../../../harness/postgres.ts";
import {
  insertStatement,
  type Operation,
  rawStatement,
  type SqlValue,
  updateStatement,
} from "../../../src/db/statement.ts";
import type { Store } from "../../../src/db/store.ts";
import { storable } from "../../../src/lib/text.ts";
import { databaseOf, ensureDatabase } from "../../support/postgres.ts";
import { committer } from "../../support/records.ts";
import { execute, freshDirectory, freshStore, select } from "../../support/store.ts";
import { openMarks } from "./_marks.ts";

const columns = { at: "integer", id: "id", bytes: "bytes", text: "text", number: "real" } as const;

const insert = insertStatement({ table: "things", columns });

const storeOfThings = async (): Promise<{ store: Store; directory: string; commit: ReturnType<typeof committer> }> => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  await store.write((tx) =>
    execute(tx, "create table things (at bigint, id bytea, bytes bytea, text text, number double precision)"),
  );
  return { store, directory, commit: committer(store) };
};

const nullable = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { freq: 5 });

const row = fc.record({
  id: nullable(fc.uuid()),
  bytes: nullable(fc.uint8Array({ maxLength: 300 })),
  // Every code unit: lone surrogates and U+0000 among them.
  text: nullable(fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) })),
  number: nullable(fc.double({ noNaN: true })),
  at: fc.maxSafeInteger(),
});

test("whatever a batch holds, the server reads what was meant", async () => {
  const { store, commit } = await storeOfThings();
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (rows) => {
      await store.write((tx) => execute(tx, "delete from things"));
      const given = rows.map((each): SqlValue[] => [each.at, each.id, each.bytes, each.text, each.number]);
      await commit({ statement: insert, rows: given });
      const found = await select(
        store,
        "select at, encode(id, 'hex') as id, bytes, text, number from things order by ctid",
      );
      expect(found).toEqual(
        rows.map(({ at, id, bytes, text, number }) => ({
          at,
          id: id?.replaceAll("-", "") ?? null,
          bytes: bytes === null ? null : new Uint8Array(bytes),
          text: text === null ? null : storable(text),
          number,
        })),
      );
    }),
    { numRuns: 60 },
  );
});

const setText = updateStatement({ table: "things", match: { at: "integer" }, set: { text: "text" } });

test("a key that a batch names twice gets what was said of it last", async () => {
  const { store, commit } = await storeOfThings();
  await commit({ statement: insert, rows: [[1, null, null, "old", null]] });
  const again: Operation = {
    statement: setText,
    rows: [
      [1, "first"],
      [2, "nobody"],
      [1, "last"],
    ],
  };
  expect(await commit(again)).toMatchObject([{ changes: 1 }]);
  expect(await select(store, "select text from things")).toEqual([{ text: "last" }]);
});

const connectTo = async (directory: string): Promise<Client> => {
  const client = new Client({ connectionString: databaseOf(directory) });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
};

test("a batch that loses a deadlock is written all the same", async () => {
  const { store, directory, commit } = await storeOfThings();
  await commit({ statement: insert, rows: [1, 2].map((at) => [at, null, null, "old", null]) });
  await store.write((tx) => execute(tx, "create unique index on things (at)"));
  const [other, doorman] = [await connectTo(directory), await connectTo(directory)];
  const waiting = async (kind: string): Promise<number> => {
    const sql =
      "select count(*)::integer as count from pg_stat_activity where wait_event = $1 and datname = current_database()";
    return (await doorman.query<{ count: number }>(sql, [kind])).rows[0]!.count;
  };
  // Whoever waits last finds the deadlock, and gives up: the batch, which is kept waiting between its two rows.
  await doorman.query("select pg_advisory_lock(7)");
  await other.query("begin");
  await other.query("set local deadlock_timeout = '20s'");
  await other.query("update things set number = 1 where at = 2");
  const written = commit(
    { statement: setText, rows: [[1, "new"]] },
    {
      statement: rawStatement("select pg_advisory_xact_lock(?)", { parameters: ["integer"], returns: true }),
      rows: [[7]],
    },
    { statement: setText, rows: [[2, "new"]] },
  );
  await expect.poll(() => waiting("advisory")).toBe(1);
  const updated = other.query("update things set number = 1 where at = 1");
  await expect.poll(() => waiting("transactionid")).toBe(1);
  await doorman.query("select pg_advisory_unlock(7)");
  // The row that the batch held can be had only because it has given up.
  await updated;
  await other.query("commit");
  await written;
  expect(await select(store, "select at, text, number from things order by at")).toEqual([
    { at: 1, text: "new", number: 1 },
    { at: 2, text: "new", number: 1 },
  ]);
});

test("a batch that is tried again shares no transaction with one that began meanwhile", async () => {
  const url = await ensureDatabase(freshDirectory());
  const { join, joinReading } = await openMarks(url);
  await join(0);
  // The first loses three times, waits 80 ms, and is tried again while the second one's statements run.
  await runIn(
    url,
    "create sequence tries",
    `create function misbehave() returns trigger language plpgsql as $$ begin
       if new.mark = 1 and nextval('tries') < 4 then raise exception 'lost' using errcode = '40P01'; end if;
       if new.mark = 2 then perform pg_sleep(0.3); end if;
       return new;
     end $$`,
    "create trigger misbehave before insert on marks for each row execute function misbehave()",
  );
  const again = join(1);
  await expect.poll(() => runIn(url, "select last_value from tries"), { interval: 5 }).toEqual([{ last_value: 3 }]);
  expect(await Promise.all([again, joinReading(2)])).toEqual([1, 2]);
  const transactions = await runIn(url, "select distinct xmin::text from marks where mark in (1, 2)");
  expect(transactions).toHaveLength(2);
});
