import fc from "fast-check";
import { expect, test } from "vitest";

import { batchesOf, batchMax, rowsOf } from "../../src/retention/batches.ts";
import { ids } from "../support/records.ts";

const expired = fc
  .record({ bodyBytes: fc.nat(1024 * 1024), rowsElsewhere: fc.oneof(fc.nat(20), fc.nat(3_000)) })
  .map((parts) => ({ ...parts, id: ids.next(), isAwaited: false }));

test("events are removed in order, in batches that neither rows nor bodies make too large, unless one event alone is", () => {
  fc.assert(
    fc.property(fc.array(expired, { maxLength: 300 }), (events) => {
      const batches = batchesOf(events);
      expect(batches.flat()).toEqual(events);
      for (const batch of batches) {
        expect(batch.length).toBeGreaterThan(0);
        if (batch.length === 1) continue;
        expect(batch.reduce((sum, event) => sum + rowsOf(event), 0)).toBeLessThanOrEqual(batchMax.rows);
        expect(batch.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0)).toBeLessThanOrEqual(batchMax.bodyBytes);
      }
    }),
  );
});

test("small events share a batch", () => {
  const events = Array.from({ length: 200 }, () => ({
    id: ids.next(),
    bodyBytes: 1_000,
    rowsElsewhere: 2,
    isAwaited: false,
  }));
  expect(batchesOf(events).map((batch) => batch.length)).toEqual([200]);
});
