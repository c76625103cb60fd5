import { expect, test } from "vitest";

import { clockWith, hourMs } from "../../faults/process/clock.ts";
import { runShort } from "../support/fault.ts";

test("a clock that is set ahead delays, reorders, removes and loses nothing", { timeout: 60_000 }, async () => {
  const { broken } = await runShort(clockWith(() => [{ name: "an hour ahead", offsetMs: hourMs }]));
  expect(broken).toEqual([]);
});
