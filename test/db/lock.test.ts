import { expect, test } from "vitest";

import { holdLock } from "../../src/db/sqlite/lock.ts";
import { startChild } from "../support/child.ts";
import { freshDirectory } from "../support/store.ts";

test("a second process is refused, with what to do about it, until the first one is gone, however it went", async () => {
  const directory = freshDirectory();
  const child = startChild("db/_hold-lock.ts", directory);
  await child.waitForLines(1);
  expect(() => holdLock(directory)).toThrow(
    expect.objectContaining({
      name: "StoreError",
      code: "unavailable",
      message: `another process uses ${directory}; stop it, or choose another DATA_DIR`,
    }),
  );
  await child.kill();
  holdLock(directory).release();
});

test("whoever holds it keeps others out, and lets them in by releasing it", () => {
  const directory = freshDirectory();
  const held = holdLock(directory);
  expect(() => holdLock(directory)).toThrow("another process uses");
  held.release();
  holdLock(directory).release();
});

test("directories have locks of their own", () => {
  const held = [freshDirectory(), freshDirectory()].map(holdLock);
  expect(held).toHaveLength(2);
  for (const each of held) each.release();
});
