import fc from "fast-check";
import { expect, test } from "vitest";

import { type Committed, type Draft, GroupCommit, type Join } from "../../src/db/group-commit.ts";
import { insertStatement } from "../../src/db/statement.ts";
import { StoreError } from "../../src/db/store-error.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { execute, freshStore, growingKey, select } from "../support/store.ts";

const insert = insertStatement({ table: "marks", columns: { mark: "integer" } });

/** A group commit over an engine whose commits end when the test says so. */
const openCommits = (commitsMax: number, takesFewBeside = true) => {
  const commits: (PromiseWithResolvers<Committed> & { readonly marks: readonly unknown[] })[] = [];
  const catchUps: PromiseWithResolvers<void>[] = [];
  const state = { isWanted: false, holds: 0 };
  const told: string[] = [];
  const group = new GroupCommit(
    {
      commitsMax,
      takesFewBeside,
      isInTransaction: () => false,
      isWanted: () => state.isWanted,
      hold: async (work) => {
        state.holds += 1;
        return work();
      },
      commit: ({ operations }) => {
        const commit = Promise.withResolvers<Committed>();
        const marks = operations.flatMap(({ rows }) => rows.flat());
        commits.push({ ...commit, marks });
        return commit.promise;
      },
      held: () => Promise.resolve([]),
      catchUp: () => {
        const catchUp = Promise.withResolvers<void>();
        catchUps.push(catchUp);
        return catchUp.promise;
      },
      maintain: async () => {},
    },
    { committed() {}, commitFailed() {} },
    systemClock,
  );
  const open = (overlaps: boolean): Join<number, string> =>
    group.line<number, string>({
      name: overlaps ? "overlapping" : "exclusive",
      itemsMax: 100,
      overlaps,
      draft: (items): Draft<string> => ({
        operations: [{ statement: insert, rows: items.map((item) => [item]) }],
        committed: () => {
          told.push(`committed ${items.join()}`);
          return items.map((item) => `kept ${item}`);
        },
        abandoned: () => told.push(`abandoned ${items.join()}`),
      }),
    });
  /** Long enough for whatever is ready to be handed over. */
  const round = (): Promise<void> => new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));
  const handedOver = (): unknown[][] => commits.map(({ marks }) => [...marks]);
  const end = (index: number): void =>
    commits[index]!.resolve({ kind: "written", results: [{ rows: [], changes: 1 }], applied: () => {} });
  return { open, commits, catchUps, state, told, round, handedOver, end };
};

test("what may overlap is handed over while a commit is under way, once in a round of the event loop", async () => {
  const { open, round, handedOver, end } = openCommits(8);
  const join = open(true);
  const first = join(1);
  await round();
  const others = [join(2), join(3)];
  expect(handedOver()).toEqual([[1]]);
  await round();
  expect(handedOver()).toEqual([[1], [2, 3]]);
  end(0);
  end(1);
  expect(await Promise.all([first, ...others])).toEqual(["kept 1", "kept 2", "kept 3"]);
});

test("what may not overlap waits until no other such commit is under way", async () => {
  const { open, round, handedOver, end, told } = openCommits(8);
  const [exclusive, overlapping] = [open(false), open(true)];
  const joined = [exclusive(1)];
  await round();
  joined.push(exclusive(2), overlapping(3));
  await round();
  expect(handedOver()).toEqual([[1], [3]]);
  end(0);
  await round();
  expect(handedOver()).toEqual([[1], [3], [2]]);
  // What the first commit changed in memory was changed before the next one was drafted.
  expect(told).toEqual(["committed 1"]);
  end(1);
  end(2);
  await Promise.all(joined);
});

test("no more commits are under way than the engine takes", async () => {
  const { open, round, handedOver, end } = openCommits(2);
  const join = open(true);
  const joined: Promise<string>[] = [];
  for (const mark of [1, 2, 3, 4]) {
    joined.push(join(mark));
    await round();
  }
  expect(handedOver()).toEqual([[1], [2]]);
  end(0);
  await round();
  expect(handedOver()).toEqual([[1], [2], [3, 4]]);
  end(1);
  end(2);
  await Promise.all(joined);
});

test("where few are as dear as many, as many wait as are under way before they are handed over beside them", async () => {
  const { open, round, handedOver, end } = openCommits(2, false);
  const [overlapping, exclusive] = [open(true), open(false)];
  const joined = [1, 2].map(overlapping);
  await round();
  joined.push(overlapping(3));
  await round();
  expect(handedOver()).toEqual([[1, 2]]);
  joined.push(overlapping(4));
  await round();
  expect(handedOver()).toEqual([
    [1, 2],
    [3, 4],
  ]);
  // Once none is under way, nobody waits for others; and those that may not go do not count.
  end(0);
  end(1);
  await round();
  joined.push(exclusive(5));
  await round();
  joined.push(exclusive(6), exclusive(7));
  await round();
  expect(handedOver().slice(2)).toEqual([[5]]);
  joined.push(overlapping(8));
  await round();
  expect(handedOver().slice(2)).toEqual([[5], [8]]);
  end(2);
  end(3);
  await round();
  expect(handedOver().slice(4)).toEqual([[6, 7]]);
  end(4);
  await Promise.all(joined);
});

test("somebody else who wants the writer gets it after a few commits, when all of them have ended", async () => {
  const { open, round, commits, state, end } = openCommits(2);
  const join = open(true);
  state.isWanted = true;
  const joined: Promise<string>[] = [];
  for (let mark = 0; mark < 9; mark += 1) {
    joined.push(join(mark));
    await round();
    // One is always under way, so the group commit has no reason of its own to stop.
    if (mark > 0 && mark < 8) end(mark - 1);
    await round();
  }
  expect([state.holds, commits.length]).toEqual([1, 8]);
  end(7);
  await round();
  expect(state.holds).toBe(2);
  end(8);
  await Promise.all(joined);
});

test("of commits that are under way together, one that fails takes back its own and no other's", async () => {
  const { open, round, commits, told, end } = openCommits(8);
  const [exclusive, overlapping] = [open(false), open(true)];
  const refused = exclusive(1).catch((error: unknown) => (error as StoreError).code);
  await round();
  const kept = overlapping(2);
  await round();
  commits[0]!.reject(new StoreError("unavailable", "the disk is full"));
  end(1);
  expect(await refused).toBe("unavailable");
  expect(await kept).toBe("kept 2");
  expect(told).toEqual(["abandoned 1", "committed 2"]);
});

test("commits that were drafted from outdated memory are drafted again, once memory is what the store holds", async () => {
  const { open, round, commits, catchUps, told, handedOver, end } = openCommits(8);
  const [exclusive, overlapping] = [open(false), open(true)];
  const joined = [exclusive(1)];
  await round();
  joined.push(overlapping(2));
  await round();
  commits[0]!.resolve({ kind: "outdated" });
  await round();
  // What the other one writes has to be in memory before anybody reads the store.
  expect(catchUps).toHaveLength(0);
  commits[1]!.resolve({ kind: "outdated" });
  await round();
  joined.push(overlapping(3));
  await round();
  expect(catchUps).toHaveLength(1);
  expect(handedOver()).toEqual([[1], [2]]);
  catchUps[0]!.resolve();
  await round();
  expect(handedOver()).toEqual([[1], [2], [1], [2], [3]]);
  for (const index of [2, 3, 4]) end(index);
  expect(await Promise.all(joined)).toEqual(["kept 1", "kept 2", "kept 3"]);
  expect(told).toEqual(["abandoned 1", "abandoned 2", "committed 1", "committed 2", "committed 3"]);
});

test("halves of a batch that failed wait for memory, too", async () => {
  const { open, round, commits, catchUps, handedOver, end } = openCommits(8);
  const join = open(true);
  const joined = [join(1), join(2)];
  await round();
  joined.push(join(3));
  await round();
  commits[1]!.resolve({ kind: "outdated" });
  await round();
  commits[0]!.reject(new StoreError("constraint", "one of them cannot be"));
  await round();
  expect([handedOver(), catchUps.length]).toEqual([[[1, 2], [3]], 1]);
  catchUps[0]!.resolve();
  await round();
  expect(new Set(handedOver().slice(2))).toEqual(new Set([[1], [3]]));
  end(2);
  end(3);
  await round();
  end(4);
  expect(await Promise.all(joined)).toEqual(["kept 1", "kept 2", "kept 3"]);
});

test("a commit that is outdated again and again is refused in the end, as one that may be tried later", async () => {
  const { open, round, commits, catchUps } = openCommits(8);
  const joined = open(true)(1).catch((error: unknown) => (error as StoreError).code);
  for (let tries = 0; tries < 5; tries += 1) {
    await round();
    commits[tries]!.resolve({ kind: "outdated" });
    await round();
    catchUps[tries]!.resolve();
  }
  expect(await joined).toBe("unavailable");
});

test("when memory cannot be brought up to date, what waits for it is refused", async () => {
  const { open, round, commits, catchUps, end } = openCommits(8);
  const join = open(true);
  const joined = join(1).catch((error: unknown) => (error as StoreError).message);
  await round();
  commits[0]!.resolve({ kind: "outdated" });
  await round();
  catchUps[0]!.reject(new StoreError("unavailable", "the database is away"));
  expect(await joined).toBe("the database is away");
  const next = join(2);
  await round();
  end(1);
  expect(await next).toBe("kept 2");
});

test("batches that share a transaction are written exactly once, and each bad item is refused alone", async () => {
  const store = await freshStore();
  await store.write((tx) => execute(tx, `create table marks (at ${growingKey}, mark integer not null)`));
  const join = store.line<number | null, boolean>({
    name: "marks",
    itemsMax: 16,
    overlaps: true,
    draft: (items): Draft<boolean> => ({
      operations: [{ statement: insert, rows: items.map((item) => [item]) }],
      committed: () => items.map(() => true),
    }),
  });
  let last = 0;
  const rounds = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(rounds, async (plan) => {
      const joined: { mark: number | null; done: Promise<boolean> }[] = [];
      const firstMark = last + 1;
      for (const round of plan) {
        for (const bad of round) {
          const mark = bad ? null : (last += 1);
          joined.push({ mark, done: join(mark).catch(() => false) });
        }
        await new Promise((resolve) => void setImmediate(resolve));
      }
      for (const { mark, done } of joined) expect(await done).toBe(mark !== null);
      const marks = await select<{ mark: number }>(
        store,
        `select mark from marks where mark >= ${firstMark} order by 1`,
      );
      expect(marks.map(({ mark }) => mark)).toEqual(joined.flatMap(({ mark }) => (mark === null ? [] : [mark])));
    }),
    { numRuns: 40 },
  );
});
