import { setTimeout as pause } from "node:timers/promises";

import { expect, test } from "vitest";

import { startReceiver } from "../support/receiver.ts";
import { freshDirectory } from "../support/store.ts";
import { makeDestination, makeSource, startTwo } from "./_nodes.ts";

const windowsCount = 3;
/** As long as the intervals of all that a node does by itself have in common. */
const windowSeconds = 6;

test("a node that has nothing to do asks the database for less than two things a second", async () => {
  await using receiver = await startReceiver();
  const nodes = await startTwo(freshDirectory());
  const [one] = nodes;
  const source = await makeSource(one);
  for (let count = 0; count < 4; count += 1) await makeDestination(one, source, { url: receiver.url });
  await one.request("POST", source.path, {});
  await receiver.waitFor(4);
  // What was done is recorded.
  await Promise.all(nodes.map(({ core }) => core.store.settled()));
  const sent = (): Promise<readonly number[]> =>
    Promise.all(
      nodes.map(async ({ core }) => {
        const text = await core.metrics.text();
        return Number(/^postern_store_statements_total (\d+)/m.exec(text)?.[1]);
      }),
    );
  const windows: number[][] = nodes.map(() => []);
  for (let window = 0, before = await sent(); window < windowsCount; window += 1) {
    await pause(windowSeconds * 1_000);
    const after = await sent();
    for (const [index, count] of after.entries()) windows[index]!.push((count - before[index]!) / windowSeconds);
    before = after;
  }
  for (const rates of windows) {
    // In the middle: once a minute one of them looks for what is to be removed.
    const rate = rates.toSorted((a, b) => a - b)[Math.floor(windowsCount / 2)]!;
    expect(rate).toBeLessThan(2);
    expect(rate).toBeGreaterThan(0);
  }
}, 40_000);
