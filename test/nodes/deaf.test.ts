import { expect, test } from "vitest";

import { eventually } from "../support/engine.ts";
import { ensureDatabase } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory } from "../support/store.ts";
import { startDeafProxy } from "./_deaf-proxy.ts";
import { makeDestination, makeSource, sharesOf, startNode } from "./_nodes.ts";

/** Two rounds of the patrol, and what a busy machine adds. */
const foundMsMax = 6_000;

test("where no call passes, owners find by themselves what others stored for them", { timeout: 120_000 }, async () => {
  await using receiver = await startReceiver();
  const directory = freshDirectory();
  const proxy = await startDeafProxy(await ensureDatabase(directory));
  const start = () => startNode(directory, { environment: { DATABASE_URL: proxy.url } });
  const [first, second] = [await start(), await start()];
  await eventually(() => expect(sharesOf(first, second)).toEqual([32, 32]));
  expect(proxy.refused).toBeGreaterThan(0);
  const source = await makeSource(first);
  const paths = Array.from({ length: 8 }, (_, index) => `/${index}`);
  // Some of each node's.
  for (const path of paths) await makeDestination(first, source, { url: receiver.url + path });
  for (let round = 1; round <= 3; round += 1) {
    for (const node of [first, second]) expect((await node.request("POST", source.path, { round })).status).toBe(200);
    const startedMs = performance.now();
    await receiver.waitFor(round * 2 * paths.length);
    expect(performance.now() - startedMs).toBeLessThan(foundMsMax);
  }
  // Each once to each.
  const sent = receiver.requests.map(({ path, headers }) => `${path} ${String(headers["webhook-id"])}`);
  expect(new Set(sent).size).toBe(3 * 2 * paths.length);
  expect(sent).toHaveLength(3 * 2 * paths.length);
});
