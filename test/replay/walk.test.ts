import fc from "fast-check";
import { expect, test } from "vitest";

import type { Id } from "../../src/lib/ids.ts";
import { walkSources } from "../../src/replay/walk.ts";
import { startEngine } from "../support/engine.ts";

test("a walk over several sources gives every event once, in the order of ids, whatever the steps", async () => {
  const engine = await startEngine();
  const sources = [await engine.addSource(), await engine.addSource(), await engine.addSource()];
  const ids: { id: Id; at: number; type: string }[] = [];
  for (let n = 0; n < 24; n += 1) {
    const at = (n * n + (n >> 2)) % 3;
    const type = n % 4 === 0 ? "a" : "b";
    ids.push({ id: await engine.accept(sources[at]!, { body: JSON.stringify({ type }) }), at, type });
  }
  const through = engine.ids.next();
  await fc.assert(
    fc.asyncProperty(
      fc.subarray([0, 1, 2], { minLength: 1 }),
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(undefined, "a", "b"),
      async (chosen, limit, type) => {
        const owner = { ...engine.scope, sourceIds: chosen.map((at) => sources[at]!.id) };
        const selection = type === undefined ? {} : { eventType: type };
        const found: Id[] = [];
        for (let after: Id | null = null; ;) {
          const { events, next } = await walkSources(engine.store, owner, selection, { after, through, limit });
          expect(events.length).toBeLessThanOrEqual(limit);
          found.push(...events.map(({ id }) => id));
          if (next === null) break;
          after = next;
        }
        const expected = ids.filter((each) => chosen.includes(each.at) && (type === undefined || each.type === type));
        expect(found).toEqual(expected.map(({ id }) => id));
      },
    ),
    { numRuns: 40 },
  );
});
