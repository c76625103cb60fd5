import { expect, test } from "vitest";

import { startEngine } from "../support/engine.ts";

const dayMs = 24 * 3_600_000;

test("housekeeping gives space back, but for a tenth of what is left", async () => {
  const engine = await startEngine();
  const source = await engine.addSource({ retentionDays: 1 });
  const body = Buffer.alloc(100_000, "x");
  for (let count = 0; count < 100; count += 1) await engine.accept(source, { body });
  const before = await engine.store.size();
  engine.clock.advance(2 * dayMs);
  await engine.housekeeping.runOnce();
  const after = await engine.store.size();
  expect(before.bytes).toBeGreaterThan(10_000_000);
  expect(after.bytes).toBeLessThan(1_000_000);
  expect(after.unusedBytes).toBeLessThanOrEqual(after.bytes * 0.1);
});
