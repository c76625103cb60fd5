import { expect, test } from "vitest";

import { clockFault } from "../../faults/process/clock.ts";
import { runShort } from "../support/fault.ts";

test(
  "a clock that is set back, and right again, delays, reorders, removes and loses nothing",
  { timeout: 120_000 },
  async () => {
    const { broken } = await runShort(clockFault);
    expect(broken).toEqual([]);
  },
);
