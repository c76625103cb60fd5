import { expect, test } from "vitest";

import type { Draft, Join } from "../../../src/db/group-commit.ts";
import { insertStatement, updateStatement } from "../../../src/db/statement.ts";
import type { Store } from "../../../src/db/store.ts";
import { execute, freshDirectory, freshStore, reachInto } from "../../support/store.ts";

const insert = insertStatement({ table: "seen", columns: { number: "integer", word: "text" } });
const setWord = updateStatement({ table: "words", match: { id: "integer" }, set: { word: "text" } });

/** One of several processes on one database: it keeps the one word of a table in memory, and commits go by it. */
type Process = {
  readonly store: Store;
  readonly memory: { word: string; reloads: number };
  /** Changes the word here. */
  say(word: string): Promise<void>;
  /** Writes the word that is in memory when it is drafted, beside a number. */
  readonly see: Join<number, string>;
  /** Changes the word in a group commit. */
  readonly sayHot: Join<string, string>;
};

const startProcess = async (directory: string): Promise<Process> => {
  const store = await freshStore({ directory });
  const memory = { word: "", reloads: 0 };
  await store.keep("routing", async (tx) => {
    const [row] = await tx.tables<{ words: { id: number; word: string } }>().selectFrom("words").selectAll().execute();
    tx.afterCommit(() => {
      memory.word = row!.word;
      memory.reloads += 1;
    });
  });
  const see = store.line<number, string>({
    name: "sights",
    itemsMax: 100,
    overlaps: true,
    draft: (numbers): Draft<string> => {
      const { word } = memory;
      return {
        operations: [{ statement: insert, rows: numbers.map((number) => [number, word]) }],
        committed: () => numbers.map(() => word),
      };
    },
  });
  const sayHot = store.line<string, string>({
    name: "words",
    itemsMax: 1,
    draft: ([word = ""]): Draft<string> => ({
      changes: "routing",
      operations: [{ statement: setWord, rows: [[1, word]] }],
      committed: () => {
        memory.word = word;
        return [word];
      },
    }),
  });
  const say = (word: string): Promise<void> =>
    store.write(async (tx) => {
      await execute(tx, `update words set word = '${word}' where id = 1`);
      tx.afterCommit(() => (memory.word = word));
    }, "routing");
  return { store, memory, see, sayHot, say };
};

const startProcesses = async (): Promise<readonly [Process, Process]> => {
  const directory = freshDirectory();
  const setUp = await freshStore({ directory });
  await setUp.write(async (tx) => {
    await execute(tx, "create table words (id bigint primary key, word text not null)");
    await execute(tx, "insert into words values (1, 'first')");
    await execute(tx, "create table seen (number bigint primary key, word text not null)");
  });
  return [await startProcess(directory), await startProcess(directory)];
};

test("what is kept is filled at once", async () => {
  const [a] = await startProcesses();
  expect(a.memory).toEqual({ word: "first", reloads: 1 });
});

test("a commit goes by what another process changed before", async () => {
  const [a, b] = await startProcesses();
  for (let round = 0; round < 50; round += 1) {
    await a.say(`word ${round}`);
    expect(await b.see(round)).toBe(`word ${round}`);
  }
  expect(b.memory.reloads).toBe(51);
});

test("a process that made the change itself does not read it again", async () => {
  const [a] = await startProcesses();
  await a.say("second");
  await a.sayHot("third");
  await a.store.freshen();
  expect(await a.see(1)).toBe("third");
  expect(a.memory).toEqual({ word: "third", reloads: 1 });
});

test("a process that changes something without having seen the change before reads both", async () => {
  const [a, b] = await startProcesses();
  await a.say("second");
  await b.store.write((tx) => execute(tx, "insert into words values (2, 'unread')"), "routing");
  expect(await b.see(1)).toBe("second");
});

test("a change in a group commit is seen by the commits of others that come after it", async () => {
  const [a, b] = await startProcesses();
  for (let round = 0; round < 20; round += 1) {
    await a.sayHot(`word ${round}`);
    expect(await b.see(round)).toBe(`word ${round}`);
  }
});

test("a group commit that changes something is drafted again when somebody else changed it first", async () => {
  const [a, b] = await startProcesses();
  await a.say("second");
  expect(await b.sayHot("third")).toBe("third");
  expect(await a.see(1)).toBe("third");
  expect(b.memory.word).toBe("third");
});

test("nothing is written by a word that was over when it was asked for, whatever two processes say at the same time", async () => {
  const [a, b] = await startProcesses();
  const state = { said: 0 };
  const sayAll = async (): Promise<void> => {
    for (const word of Array.from({ length: 40 }, (_, index) => index + 1)) {
      await (word % 2 === 0 ? a : b).say(String(word));
      state.said = word;
    }
  };
  const seeAll = async ({ see }: Process, first: number): Promise<void> => {
    for (let number = first; state.said < 40; number += 10) {
      const before = state.said;
      const seen = await Promise.all([number, number + 2, number + 4].map((each) => see(each)));
      for (const word of seen) expect(Number(word === "first" ? 0 : word)).toBeGreaterThanOrEqual(before);
    }
  };
  await Promise.all([sayAll(), seeAll(a, 0), seeAll(b, 1)]);
  await Promise.all([a.store.freshen(), b.store.freshen()]);
  expect([a.memory.word, b.memory.word]).toEqual(["40", "40"]);
});

test("who asks gets all that was committed before, in one query with others who ask", async () => {
  const [a, b] = await startProcesses();
  await a.say("second");
  await Promise.all([b.store.freshen(), b.store.freshen(), b.store.freshen()]);
  expect(b.memory).toEqual({ word: "second", reloads: 2 });
});

test("a process that does nothing finds out by itself", async () => {
  const [a, b] = await startProcesses();
  await a.say("second");
  await expect.poll(() => b.memory.word, { timeout: 5_000 }).toBe("second");
});

test("memory follows a database that was put back to an earlier state", async () => {
  const directory = freshDirectory();
  const setUp = await freshStore({ directory });
  await setUp.write(async (tx) => {
    await execute(tx, "create table words (id bigint primary key, word text not null)");
    await execute(tx, "insert into words values (1, 'first')");
    await execute(tx, "create table seen (number bigint primary key, word text not null)");
  });
  const process = await startProcess(directory);
  await process.say("lost");
  await reachInto(directory, "update words set word = 'first'", "update versions set version = 0");
  expect(await process.see(1)).toBe("first");
});
