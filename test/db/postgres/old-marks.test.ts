import { expect, onTestFinished, test } from "vitest";

import { runIn } from "../../../harness/postgres.ts";
import { createTestClock } from "../../support/clock.ts";
import { openStoreAt } from "../../support/open-store.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { freshDirectory } from "../../support/store.ts";

const hourMs = 60 * 60 * 1000;

/** The rows of two connections: one that last wrote a day and a minute ago, and one that did so a minute less than a day ago. */
const addMarks = (database: string): Promise<unknown> =>
  runIn(
    database,
    `insert into commits select made, 1, extract(epoch from now())::bigint - 24 * 60 * 60 + 60 * (made - 2)
       from unnest(array[1, 3]) as made`,
  );

test("what connections left that are long gone is removed at the start, and every hour from then on", async () => {
  const database = await ensureDatabase(freshDirectory());
  const left = async (): Promise<unknown[]> =>
    (await runIn(database, "select connection from commits where connection in (1, 3) order by 1")).map(
      ({ connection }) => Number(connection),
    );
  await addMarks(database);
  const clock = createTestClock();
  const store = await openStoreAt({ directory: "", url: database, clock, observer: {} });
  onTestFinished(() => store.close());
  expect(await left()).toEqual([3]);
  for (let hour = 1; hour <= 2; hour += 1) {
    await runIn(database, "delete from commits where connection = 3");
    await addMarks(database);
    expect(await left()).toEqual([1, 3]);
    clock.advance(hourMs);
    await expect.poll(left).toEqual([3]);
    // The next hour begins when this removal has ended.
    await store.writeBeside(() => Promise.resolve());
    await expect.poll(() => clock.pendingTimers).toBe(1);
  }
});
