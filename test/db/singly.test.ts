import { expect, test } from "vitest";

import { singly } from "../../src/db/singly.ts";
import { execute, freshStore, select } from "../support/store.ts";

type Tables = { notes: { id: string; text: string } };

const open = async () => {
  const store = await freshStore();
  await store.write((tx) => execute(tx, "create table notes (id text primary key, text text not null)"));
  return { store, tables: singly(store).$extendTables<Tables>() };
};

test("each statement stands for itself, and gives its rows and how many it changed", async () => {
  const { store, tables } = await open();
  const made = await tables.insertInto("notes").values({ id: "a", text: "one" }).returningAll().executeTakeFirst();
  expect(made).toEqual({ id: "a", text: "one" });
  expect(await select(store, "select id from notes")).toEqual([{ id: "a" }]);
  expect(await tables.selectFrom("notes").selectAll().where("id", "=", "a").execute()).toEqual([made]);
  const changed = await tables.updateTable("notes").set({ text: "two" }).where("id", "=", "a").executeTakeFirst();
  expect(changed.numUpdatedRows).toBe(1n);
  const gone = await tables.deleteFrom("notes").where("id", "=", "b").executeTakeFirst();
  expect(gone.numDeletedRows).toBe(0n);
});

test("a read waits for no transaction, and a write holds nobody up once it is done", async () => {
  const { store, tables } = await open();
  const held = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const transaction = store.write(async (tx) => {
    await execute(tx, "insert into notes values ('a', 'unseen')");
    begun.resolve();
    await held.promise;
  });
  await begun.promise;
  expect(await tables.selectFrom("notes").selectAll().execute()).toEqual([]);
  const waiting = tables.insertInto("notes").values({ id: "b", text: "later" }).execute();
  held.resolve();
  await Promise.all([transaction, waiting]);
  expect(await tables.selectFrom("notes").select("id").orderBy("id").execute()).toEqual([{ id: "a" }, { id: "b" }]);
});

test("it is refused inside a transaction, which it would not be part of", async () => {
  const { store, tables } = await open();
  await store.write(async () => {
    await expect(tables.selectFrom("notes").selectAll().execute()).rejects.toMatchObject({ code: "misuse" });
    await expect(tables.deleteFrom("notes").execute()).rejects.toMatchObject({ code: "misuse" });
  });
});

test("transactions of its own are refused: they would hold the writer between statements", async () => {
  const { tables } = await open();
  await expect(tables.transaction().execute(async () => {})).rejects.toMatchObject({ code: "misuse" });
});
