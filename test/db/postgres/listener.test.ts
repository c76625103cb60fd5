import { expect, onTestFinished, test } from "vitest";

import { runIn } from "../../../harness/postgres.ts";
import { createTestClock } from "../../support/clock.ts";
import { openStoreAt } from "../../support/open-store.ts";
import { ensureDatabase } from "../../support/postgres.ts";
import { freshDirectory } from "../../support/store.ts";
import { startSilentProxy } from "./_silent-proxy.ts";

/** Much less than a silent connection is waited for, and more than a busy machine takes. */
const closedMsMax = 3_000;

/** As long as an answer is waited for, and as long as nothing is asked. */
const [answerMsMax, askEveryMs] = [5_000, 30_000];

const start = async () => {
  const database = await ensureDatabase(freshDirectory());
  const proxy = await startSilentProxy(database);
  const clock = createTestClock();
  const store = await openStoreAt({ directory: "", url: proxy.url, clock, observer: {} });
  onTestFinished(() => store.close());
  const heard: string[] = [];
  return {
    proxy,
    clock,
    heard,
    listen: () => store.cluster!.listen(["test_calls"], (_, payload) => heard.push(payload)),
    call: (payload: string) => runIn(database, `notify test_calls, '${payload}'`),
  };
};

const msOf = async (work: () => Promise<void>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
};

test("who asks to listen and is never answered tries again, and leaves at once", { timeout: 30_000 }, async () => {
  const { proxy, clock, listen } = await start();
  proxy.swallowListens();
  const listening = listen();
  await expect.poll(() => proxy.swallowed).toBe(1);
  clock.advance(answerMsMax);
  await expect.poll(() => proxy.swallowed, { timeout: 10_000 }).toBe(2);
  expect(await msOf(() => listening.close())).toBeLessThan(closedMsMax);
});

test("who cannot even connect leaves as fast", { timeout: 30_000 }, async () => {
  const { proxy, listen } = await start();
  proxy.silenceAll();
  const listening = listen();
  await expect.poll(() => proxy.swallowed).toBe(1);
  expect(await msOf(() => listening.close())).toBeLessThan(closedMsMax);
});

test("a connection that fell silent is noticed by asking, and calls are heard again", { timeout: 60_000 }, async () => {
  const { proxy, clock, heard, listen, call } = await start();
  const listening = listen();
  const hears = async (payload: string): Promise<void> => {
    const isHeard = async (): Promise<boolean> => {
      await call(payload);
      return heard.includes(payload);
    };
    await expect.poll(isHeard, { timeout: 20_000 }).toBe(true);
  };
  await hears("first");
  const { opened } = proxy;
  // What answers is kept, however long it is asked.
  for (const payload of ["second", "third"]) {
    clock.advance(askEveryMs);
    await hears(payload);
    clock.advance(answerMsMax);
  }
  expect(proxy.opened).toBe(opened);

  proxy.silence();
  await call("lost");
  clock.advance(askEveryMs);
  await expect.poll(() => proxy.swallowed).toBe(1);
  clock.advance(answerMsMax);
  await hears("fourth");
  expect(heard).not.toContain("lost");
  await listening.close();
});
