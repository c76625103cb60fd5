import fc from "fast-check";
import { expect, test } from "vitest";

import { createIds } from "../../src/lib/ids.ts";
import { createSystemRandom } from "../../src/lib/random.ts";
import { bucketOf, bucketsCount, housekeepingId } from "../../src/queue/bucket.ts";
import { changeOf, fairShare, surplusOf } from "../../src/queue/share.ts";

const buckets = fc.uniqueArray(fc.nat({ max: bucketsCount - 1 }));
const owners = fc.integer({ min: 1, max: 100 });

test("all shares together are all buckets, and nobody's is more than one larger than need be", () => {
  fc.assert(
    fc.property(owners, (count) => {
      expect(fairShare(count) * count).toBeGreaterThanOrEqual(bucketsCount);
      expect((fairShare(count) - 1) * count).toBeLessThan(bucketsCount);
    }),
  );
});

test("whoever lets its surplus go keeps its share, and no more", () => {
  fc.assert(
    fc.property(buckets, owners, (kept, count) => {
      const surplus = surplusOf(kept, count);
      expect(kept.length - surplus.length).toBe(Math.min(kept.length, fairShare(count)));
      expect(kept).toEqual(expect.arrayContaining([...surplus]));
    }),
  );
});

test("when everybody who has too much lets go and everybody who has too little takes, nothing is left over", () => {
  fc.assert(
    fc.property(owners, fc.array(fc.nat(), { minLength: bucketsCount, maxLength: bucketsCount }), (count, places) => {
      const held = Array.from({ length: count }, (_, owner) =>
        places.flatMap((place, bucket) => (place % count === owner ? [bucket] : [])),
      );
      const kept = held.map((own) => own.length - surplusOf(own, count).length);
      const free = bucketsCount - kept.reduce((sum, each) => sum + each, 0);
      const room = kept.reduce((sum, each) => sum + fairShare(count) - each, 0);
      expect(room).toBeGreaterThanOrEqual(free);
    }),
  );
});

test("what is gained and lost makes the one of the other", () => {
  fc.assert(
    fc.property(buckets, buckets, (held, given) => {
      const { gained, lost } = changeOf(held, given);
      const after = new Set([...held, ...gained].filter((bucket) => !lost.includes(bucket)));
      expect(after).toEqual(new Set(given));
    }),
  );
});

test("ids spread over all buckets, and housekeeping has the first one", () => {
  const ids = createIds({ nowMs: () => 1_700_000_000_000 }, createSystemRandom());
  const found = new Set(Array.from({ length: 5_000 }, () => bucketOf(ids.next())));
  expect(found.size).toBe(bucketsCount);
  expect(bucketOf(housekeepingId)).toBe(0);
});
