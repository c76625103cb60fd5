import { expect, test } from "vitest";

import { freshStore, writerOf } from "../support/store.ts";

test("a probe fails while nothing can be written", async () => {
  const store = await freshStore();
  const writer = await writerOf(store);
  await writer.breakDown();
  await expect(store.probe()).rejects.toMatchObject({ code: "unavailable" });
  await writer.mend();
  await store.probe();
});
