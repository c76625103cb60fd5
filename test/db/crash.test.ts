import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { expect, test } from "vitest";

import { startChild } from "../support/child.ts";
import { execute, freshDirectory, openStore } from "../support/store.ts";

const kills = 5;

test("invariant 1: kill -9 at any moment loses no acknowledged commit", { timeout: 120_000 }, async () => {
  const directory = freshDirectory();
  const store = await openStore({ directory });
  await store.write((tx) => execute(tx, "create table marks (mark integer not null, ballast blob not null)"));
  await store.close();

  const acknowledged = new Set<number>();
  let last = 0;
  for (let round = 0; round < kills; round += 1) {
    const child = startChild("db/_commit-until-killed.ts", directory, String(last));
    // Somewhere between two commits, inside one, or inside a checkpoint: wherever it is by then.
    await child.waitForLines(1 + round * 211 + Math.floor(Math.random() * 200));
    await child.kill();
    for (const line of child.lines) acknowledged.add(Number(line));

    using database = new DatabaseSync(join(directory, "postern.db"));
    expect(database.prepare("pragma integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
    const marks = database
      .prepare("select mark from marks order by mark")
      .all()
      .map(({ mark }) => Number(mark));
    const found = new Set(marks);
    expect([...acknowledged].filter((mark) => !found.has(mark))).toEqual([]);
    expect(found.size, "each is written once").toBe(marks.length);
    last = Math.max(last, ...marks);
  }
  expect(acknowledged.size).toBeGreaterThan(kills);
});
