import { expect, test } from "vitest";

import { insertStatement } from "../../src/db/statement.ts";
import type { Tx } from "../../src/db/store.ts";
import { createTestClock } from "../support/clock.ts";
import { execute, freshStore, growingKey, select, writerOf } from "../support/store.ts";

const storeOfMarks = async () => {
  const clock = createTestClock();
  const store = await freshStore({ clock });
  const writer = await writerOf(store);
  await store.write((tx) => execute(tx, `create table marks (at ${growingKey}, mark integer not null)`));
  const marks = async () =>
    (await select<{ mark: number }>(store, "select mark from marks order by at")).map(({ mark }) => mark);
  return { clock, store, writer, marks };
};

const put = (tx: Tx, mark: number | null): Promise<void> => execute(tx, "insert into marks (mark) values (?)", [mark]);

test("a transaction writes all of it, and gives its result", async () => {
  const { store, marks } = await storeOfMarks();
  const result = await store.write(async (tx) => {
    await put(tx, 1);
    await put(tx, 2);
    return "done";
  });
  expect(result).toBe("done");
  expect(await marks()).toEqual([1, 2]);
});

test("a transaction sees its own writes, and nobody else sees them before it is over", async () => {
  const { store, marks } = await storeOfMarks();
  const written = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<void>();
  const transaction = store.write(async (tx) => {
    await put(tx, 1);
    written.resolve();
    await seen.promise;
    return tx.tables<{ marks: { mark: number } }>().selectFrom("marks").select("mark").execute();
  });
  await written.promise;
  expect(await marks()).toEqual([]);
  seen.resolve();
  expect(await transaction).toEqual([{ mark: 1 }]);
  expect(await marks()).toEqual([1]);
});

test.for([
  ["that throws", () => Promise.reject(new Error("no"))],
  ["with a statement that fails", (tx: Tx) => put(tx, null)],
  ["with SQL that is none", (tx: Tx) => execute(tx, "insert in marks")],
] as const)("a transaction %s leaves nothing, and the next one works", async ([_, fail]) => {
  const { store, marks } = await storeOfMarks();
  const transaction = store.write(async (tx) => {
    await put(tx, 1);
    await fail(tx);
  });
  await expect(transaction).rejects.toThrow();
  expect(await marks()).toEqual([]);
  await store.write((tx) => put(tx, 2));
  expect(await marks()).toEqual([2]);
});

test("hooks run after the commit and before the next one is drafted, in order", async () => {
  const { store, marks } = await storeOfMarks();
  const story: string[] = [];
  const join = store.line<number, void>({
    name: "marks",
    itemsMax: 10,
    draft: (items) => {
      story.push("draft");
      return {
        operations: [
          {
            statement: insertStatement({ table: "marks", columns: { mark: "integer" } }),
            rows: items.map((mark) => [mark]),
          },
        ],
        committed: () => items.map(() => undefined),
        abandoned: () => {},
      };
    },
  });
  const joined: Promise<void>[] = [];
  await store.write(async (tx) => {
    tx.afterCommit(() => {
      story.push("first hook");
      // Outside of the transaction by now: what starts here may wait for a commit.
      joined.push(join(2));
    });
    tx.afterCommit(() => story.push("second hook"));
    await put(tx, 1);
    story.push("written");
  });
  await Promise.all(joined);
  expect(story).toEqual(["written", "first hook", "second hook", "draft"]);
  expect(await marks()).toEqual([1, 2]);
});

test("a commit that waits for a transaction is drafted after its hooks", async () => {
  const { store } = await storeOfMarks();
  let memory = "old";
  const join = store.line<null, string>({
    name: "memory",
    itemsMax: 10,
    draft: (items) => {
      const seen = memory;
      return { operations: [], committed: () => items.map(() => seen), abandoned: () => {} };
    },
  });
  const begun = Promise.withResolvers<void>();
  const transaction = store.write(async (tx) => {
    tx.afterCommit(() => {
      memory = "new";
    });
    begun.resolve();
    await put(tx, 1);
  });
  await begun.promise;
  expect(await join(null)).toBe("new");
  await transaction;
});

test("hooks of a transaction that is rolled back never run", async () => {
  const { store } = await storeOfMarks();
  let ran = false;
  const transaction = store.write(async (tx) => {
    tx.afterCommit(() => {
      ran = true;
    });
    await put(tx, 1);
    throw new Error("no");
  });
  await expect(transaction).rejects.toThrow("no");
  await store.write(async () => {});
  expect(ran).toBe(false);
});

test.for([
  ["opened inside", "opened inside"],
  ["looked at", "read around"],
  ["listed", "read around"],
] as const)("a store that is %s in a transaction says that this is a mistake", async ([how, message]) => {
  const { store, marks } = await storeOfMarks();
  const transaction = store.write(async (tx) => {
    await put(tx, 1);
    if (how === "opened inside") await store.write(async () => {});
    if (how === "looked at") await select(store, "select 1");
    if (how === "listed") await store.list<{ marks: object }>().selectFrom("marks").selectAll().execute();
  });
  await expect(transaction).rejects.toMatchObject({
    name: "StoreError",
    code: "misuse",
    message: expect.stringContaining(message),
  });
  expect(await marks()).toEqual([]);
});

test("a transaction that is over takes nothing more", async () => {
  const { store, marks } = await storeOfMarks();
  let kept: Tx | null = null;
  await store.write(async (tx) => {
    kept = tx;
  });
  await expect(put(kept!, 1)).rejects.toMatchObject({ code: "misuse" });
  expect(await marks()).toEqual([]);
});

test("a transaction that hangs is rolled back after ten seconds, so that others can write", async () => {
  const { clock, store, marks } = await storeOfMarks();
  const written = Promise.withResolvers<void>();
  const hanging = store.write(async (tx) => {
    await put(tx, 1);
    written.resolve();
    await new Promise(() => {});
  });
  await written.promise;
  const next = store.write((tx) => put(tx, 2));
  clock.advance(9_000);
  expect(await marks()).toEqual([]);
  clock.advance(1_000);
  await expect(hanging).rejects.toMatchObject({ code: "misuse", message: expect.stringContaining("10000 ms") });
  await next;
  expect(await marks()).toEqual([2]);
});

test("no timer outlives a transaction, also one that could not begin", async () => {
  const { clock, store, writer, marks } = await storeOfMarks();
  // Those that a store has while nothing is asked of it.
  const idle = clock.pendingTimers;
  await store.write((tx) => put(tx, 1));
  await writer.breakDown();
  await expect(store.write((tx) => put(tx, 2))).rejects.toMatchObject({ code: "unavailable" });
  expect(clock.pendingTimers).toBe(idle);
  await writer.mend();
  await store.write((tx) => put(tx, 3));
  expect(await marks()).toEqual([1, 3]);
  expect(clock.pendingTimers).toBe(idle);
});

test("a writer that dies inside a transaction leaves nothing of it, whatever the transaction does next", async () => {
  const { store, writer, marks } = await storeOfMarks();
  const transaction = store.write(async (tx) => {
    await put(tx, 1);
    await writer.kill();
    await put(tx, 2).catch(() => null);
    await put(tx, 3);
  });
  await expect(transaction).rejects.toMatchObject({ code: "unavailable" });
  expect(await marks()).toEqual([]);
  await store.write((tx) => put(tx, 4));
  expect(await marks()).toEqual([4]);
});
