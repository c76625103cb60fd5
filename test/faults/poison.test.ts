import { expect, test } from "vitest";

import { poisonIn } from "../../faults/process/poison.ts";
import { runShort } from "../support/fault.ts";

test.for([{ max_concurrency: 1 }, { max_concurrency: 4 }, { ordered: true }])(
  "an event that kills the process is given up and costs nobody else: %o",
  { timeout: 120_000 },
  async (lane) => {
    expect((await runShort(poisonIn(lane))).broken).toEqual([]);
  },
);
