import { expect, test } from "vitest";

import { brokenDiskFault } from "../../faults/process/broken-disk.ts";
import { slowDiskFault } from "../../faults/process/slow-disk.ts";
import { runShort } from "../support/fault.ts";

test("fsyncs that take long slow nothing down but commits", async () => {
  expect((await runShort(slowDiskFault)).broken).toEqual([]);
});

test("fsyncs that fail cost nobody who was acknowledged, and nobody starts anything again", async () => {
  const { account, broken } = await runShort(brokenDiskFault);
  expect(broken).toEqual([]);
  expect(account).toMatchObject({ restarts: 0, duplicates: 0 });
});
