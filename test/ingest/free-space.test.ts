import { statfsSync } from "node:fs";

import { expect, test } from "vitest";

import { freshDirectory, freshStore } from "../support/store.ts";

test("the free space that counts is that of the store's own disk", async () => {
  const directory = freshDirectory();
  const store = await freshStore({ directory });
  const { blocks, bsize } = statfsSync(directory);
  const freeBytes = await store.freeBytes();
  expect(freeBytes).toBeGreaterThan(0);
  expect(freeBytes).toBeLessThan(blocks * bsize);
});
