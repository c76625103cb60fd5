import fc from "fast-check";
import { expect, test } from "vitest";

import type { Draft, Join } from "../../src/db/group-commit.ts";
import { insertStatement, type Operation, rawStatement } from "../../src/db/statement.ts";
import type { Store } from "../../src/db/store.ts";
import { execute, freshDirectory, freshStore, growingKey, openStore, select, writerOf } from "../support/store.ts";

const insert = insertStatement({ table: "marks", columns: { mark: "integer" } });
const keep = (marks: readonly (number | null)[]): Operation => ({
  statement: insert,
  rows: marks.map((mark) => [mark]),
});

/** A store with one small table, and every commit that it reports. A null mark breaks a rule of the table. */
const storeOfMarks = async () => {
  const commits: number[] = [];
  const failures: { items: number; error: unknown }[] = [];
  const store = await freshStore({
    observer: { committed: ({ items }) => commits.push(items), commitFailed: (failure) => failures.push(failure) },
  });
  const writer = await writerOf(store);
  await store.write((tx) => execute(tx, `create table marks (at ${growingKey}, mark integer not null)`));
  const marks = async () =>
    (await select<{ mark: number }>(store, "select mark from marks order by at")).map(({ mark }) => mark);
  return { store, writer, commits, failures, marks };
};

type Line = { join: Join<number | null, string>; drafts: (number | null)[][]; abandoned: (number | null)[][] };

const openLine = (
  store: Store,
  {
    onDraft = () => {},
    itemsMax = 100,
  }: { onDraft?: (items: readonly (number | null)[]) => void; itemsMax?: number } = {},
): Line => {
  const line: Omit<Line, "join"> = { drafts: [], abandoned: [] };
  const join = store.line<number | null, string>({
    name: "marks",
    itemsMax,
    draft: (items): Draft<string> => {
      line.drafts.push([...items]);
      onDraft(items);
      return {
        operations: [keep(items)],
        committed: () => items.map((item) => `kept ${item}`),
        abandoned: () => line.abandoned.push([...items]),
      };
    },
  });
  return { ...line, join };
};

const outcomesOf = async (joined: readonly Promise<string>[]): Promise<string[]> =>
  (await Promise.allSettled(joined)).map((each) =>
    each.status === "fulfilled" ? each.value : (each.reason as { code: string }).code,
  );

test("what arrives in one turn of the event loop shares a commit", async () => {
  const { store, commits, marks } = await storeOfMarks();
  const { join } = openLine(store);
  expect(await Promise.all([1, 2, 3].map(join))).toEqual(["kept 1", "kept 2", "kept 3"]);
  expect(commits).toEqual([3]);
  expect(await marks()).toEqual([1, 2, 3]);
});

test("what arrives while a commit runs waits for it, and shares the next one", async () => {
  const { store, commits } = await storeOfMarks();
  const late: Promise<string>[] = [];
  const { join } = openLine(store, {
    onDraft: () => {
      if (late.length === 0) for (let mark = 2; mark <= 51; mark += 1) late.push(join(mark));
    },
  });
  await join(1);
  await Promise.all(late);
  expect(commits).toEqual([1, 50]);
});

test("a commit takes at most so many items of a line, in order of arrival", async () => {
  const { store, commits, marks } = await storeOfMarks();
  const { join } = openLine(store, { itemsMax: 4 });
  const all = Array.from({ length: 10 }, (_, mark) => mark);
  await Promise.all(all.map(join));
  expect(commits).toEqual([4, 4, 2]);
  expect(await marks()).toEqual(all);
});

test("lines share a commit, are written in the order in which they were opened, and get their own results", async () => {
  const { store, commits, marks } = await storeOfMarks();
  const first = openLine(store);
  const read = rawStatement("select count(*) as marks from marks where mark < ?", {
    parameters: ["integer"],
    returns: true,
  });
  const second = store.line<number, unknown>({
    name: "counts",
    itemsMax: 10,
    draft: (items): Draft<unknown> => ({
      operations: [{ statement: read, rows: items.map((item) => [item]) }, keep(items)],
      committed: ([counted, kept]) => items.map((_, index) => [counted?.rows[index], kept?.changes]),
      abandoned: () => {},
    }),
  });
  const [counted, kept] = await Promise.all([second(50), first.join(1)]);
  expect(counted).toEqual([{ marks: 1 }, 1]);
  expect(kept).toBe("kept 1");
  expect(commits).toEqual([2]);
  expect(await marks()).toEqual([1, 50]);
});

test("whatever comes in beside bad items is written exactly once, and each bad one is refused alone", async () => {
  const { store, marks } = await storeOfMarks();
  const lines = [openLine(store, { itemsMax: 16 }), openLine(store, { itemsMax: 16 })] as const;
  let last = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ bad: fc.boolean(), line: fc.nat({ max: 1 }) }), { maxLength: 40 }),
      async (plan) => {
        const before = await marks();
        const items = plan.map(({ bad, line }) => ({ mark: bad ? null : (last += 1), line }));
        const outcomes = await outcomesOf(items.map(({ mark, line }) => lines[line]!.join(mark)));
        expect(outcomes).toEqual(items.map(({ mark }) => (mark === null ? "constraint" : `kept ${mark}`)));
        const written = (await marks()).slice(before.length);
        expect(written.toSorted((a, b) => a - b)).toEqual(items.flatMap(({ mark }) => (mark === null ? [] : [mark])));
      },
    ),
    { numRuns: 40 },
  );
});

test("a batch that was refused is given up before its halves are drafted", async () => {
  const { store } = await storeOfMarks();
  const { join, drafts, abandoned } = openLine(store);
  await outcomesOf([join(1), join(null), join(3), join(4)]);
  expect(drafts).toEqual([[1, null, 3, 4], [1, null], [1], [null], [3, 4]]);
  expect(abandoned).toEqual([[1, null, 3, 4], [1, null], [null]]);
});

test("an item that cannot even be drafted is refused alone, and so is nothing else", async () => {
  const { store, marks } = await storeOfMarks();
  const { join, abandoned } = openLine(store, {
    onDraft: (items) => {
      if (items.includes(13)) throw new Error("no draft");
    },
  });
  const outcomes = await Promise.allSettled([11, 12, 13, 14].map(join));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  expect(outcomes[2]).toMatchObject({ reason: { message: "no draft" } });
  expect(await marks()).toEqual([11, 12, 14]);
  expect(abandoned).toEqual([]);
});

test("when a later line cannot draft, the drafts of earlier lines are given up", async () => {
  const { store, marks } = await storeOfMarks();
  const first = openLine(store);
  const second = openLine(store, {
    onDraft: () => {
      throw new Error("no draft");
    },
  });
  const outcomes = await Promise.allSettled([first.join(1), second.join(2)]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect(first.abandoned).toEqual([[1]]);
  expect(await marks()).toEqual([1]);
});

test("a store that cannot write refuses all at once, and takes everything again when it can", async () => {
  const { store, writer, commits, failures, marks } = await storeOfMarks();
  const { join, drafts, abandoned } = openLine(store);
  await writer.breakDown();
  const refused = await outcomesOf(Array.from({ length: 64 }, (_, mark) => join(mark)));
  expect(new Set(refused)).toEqual(new Set(["unavailable"]));
  expect(failures).toMatchObject([{ items: 64, error: { code: "unavailable" } }]);
  expect([drafts.length, abandoned.length, commits.length]).toEqual([1, 1, 0]);

  await writer.mend();
  expect(await join(7)).toBe("kept 7");
  expect(await marks()).toEqual([7]);
});

test("joining inside a transaction would wait for itself, and is refused as a mistake", async () => {
  const { store, marks } = await storeOfMarks();
  const { join } = openLine(store);
  await expect(store.write(() => join(1))).rejects.toMatchObject({
    code: "misuse",
    message: /"marks" was joined inside/,
  });
  expect(await marks()).toEqual([]);
  expect(await join(2)).toBe("kept 2");
});

test("settled means that nothing waits and nothing runs", async () => {
  const { store, marks } = await storeOfMarks();
  const { join } = openLine(store, { itemsMax: 1 });
  const joined = [1, 2, 3].map(join);
  await store.settled();
  expect(await marks()).toEqual([1, 2, 3]);
  await Promise.all(joined);
});

test("a closed store says so", async () => {
  const store = await openStore({ directory: freshDirectory() });
  const { join } = openLine(store);
  await store.close();
  await expect(join(1)).rejects.toMatchObject({ code: "closed" });
  await expect(store.write(async () => {})).rejects.toMatchObject({ code: "closed" });
  await expect(select(store, "select 1")).rejects.toMatchObject({ code: "closed" });
});
