import { expect, test } from "vitest";

import { freshStore, writerOf } from "../support/store.ts";

test("a probe puts something on disk, and an empty transaction does not", async () => {
  const store = freshStore();
  await store.write(async () => {});
  const before = store.walBytes();
  await store.write(async () => {});
  expect(store.walBytes()).toBe(before);
  await store.probe();
  expect(store.walBytes()).toBeGreaterThan(before);
});

test("a probe fails while nothing can be written", async () => {
  const store = freshStore();
  const writer = await writerOf(store);
  writer.breakDown();
  await expect(store.probe()).rejects.toMatchObject({ code: "unavailable" });
  writer.mend();
  await store.probe();
});
