import { describe, expect, test } from "vitest";

import { ensureDatabase } from "../../support/postgres.ts";
import { execute, freshDirectory } from "../../support/store.ts";
import { type Fate, startCommitProxy } from "./_commit-proxy.ts";
import { type MarkedStore, openMarks, outcomeOf } from "./_marks.ts";

const start = async (): Promise<MarkedStore & { loseNext(fate: Fate): void; lost(): number }> => {
  const database = await ensureDatabase(freshDirectory());
  const proxy = await startCommitProxy(database);
  const marked = await openMarks(proxy.url, database);
  await marked.join(0);
  return { ...marked, loseNext: (fate) => proxy.loseNext(fate), lost: () => proxy.lost };
};

describe("the answer to a group commit is lost", () => {
  test.for<Fate>(["written", "cut off", "held"])("and it was %s: it is written once, and told", async (fate) => {
    const { join, marks, loseNext, lost, interruptions } = await start();
    loseNext(fate);
    expect(await Promise.all([1, 2, 3].map(join))).toEqual([1, 2, 3]);
    expect([lost(), interruptions()]).toEqual([1, 0]);
    expect(await join(4)).toBe(4);
    expect(await marks()).toEqual([0, 1, 2, 3, 4]);
  });

  test("and nobody can be asked: it is refused as interrupted, and whoever keeps things in memory is told", async () => {
    const { join, loseNext, interruptions } = await start();
    loseNext("unreachable");
    expect(await outcomeOf(join(1))).toBe("interrupted");
    expect(interruptions()).toBe(1);
    // From then on it is known that nothing was sent.
    expect(await outcomeOf(join(2))).toBe("unavailable");
    expect(interruptions()).toBe(1);
  });
});

describe("the answer to a transaction is lost", () => {
  const write = ({ store }: MarkedStore, hooks: string[]): Promise<void> =>
    store.write(async (tx) => {
      await execute(tx, "insert into marks values (1)");
      tx.afterCommit(() => hooks.push("ran"));
    });

  test("and it was written: it is told, and what follows it runs", async () => {
    const marked = await start();
    const hooks: string[] = [];
    marked.loseNext("written");
    await write(marked, hooks);
    expect([hooks, await marked.marks()]).toEqual([["ran"], [0, 1]]);
  });

  test.for<Fate>(["cut off", "held"])("and it was %s: it is refused, and nothing of it remains", async (fate) => {
    const marked = await start();
    const hooks: string[] = [];
    marked.loseNext(fate);
    expect(await outcomeOf(write(marked, hooks))).toBe("unavailable");
    expect([hooks, await marked.marks(), marked.interruptions()]).toEqual([[], [0], 0]);
    await write(marked, hooks);
    expect([hooks, await marked.marks()]).toEqual([["ran"], [0, 1]]);
  });

  test("and nobody can be asked: it is refused as interrupted", async () => {
    const marked = await start();
    marked.loseNext("unreachable");
    expect(await outcomeOf(write(marked, []))).toBe("interrupted");
    expect(marked.interruptions()).toBe(1);
  });
});
