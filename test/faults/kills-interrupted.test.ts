import { expect, test } from "vitest";

import { interruptedFault } from "../../faults/process/interrupted.ts";
import { runShort } from "../support/fault.ts";

test(
  "kill -9 while it starts, checkpoints or rotates its keys loses nothing and needs nobody",
  { timeout: 120_000 },
  async () => {
    expect((await runShort(interruptedFault)).broken).toEqual([]);
  },
);
