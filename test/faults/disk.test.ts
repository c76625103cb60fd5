import { expect, test } from "vitest";

import { diskFault } from "../../faults/process/disk.ts";
import { runShort } from "../support/fault.ts";

test("invariant 10: a disk that takes no byte costs nobody who was acknowledged, and nobody starts anything again", async () => {
  const { account, broken } = await runShort(diskFault);
  expect(broken).toEqual([]);
  expect(account).toMatchObject({ restarts: 0, duplicates: 0 });
});
