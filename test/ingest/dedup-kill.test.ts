import { expect, onTestFinished, test } from "vitest";

import { createChildren } from "../../harness/children.ts";
import { http } from "../../harness/http.ts";
import { makeKey } from "../../harness/make-key.ts";
import { type Serve, startServe } from "../../harness/serve.ts";
import { ensureDatabase, isPostgres } from "../support/postgres.ts";
import { sealingKeysText } from "../support/sealing-keys.ts";
import { freshDirectory, reachInto } from "../support/store.ts";

const environmentIn = async (directory: string): Promise<Record<string, string>> =>
  isPostgres ? { DATABASE_URL: await ensureDatabase(directory), SECRETS_KEY: sealingKeysText } : {};

/** Whether an event was taken, and as a repeat. Null: nobody answered. */
const post = async ({ url }: Serve, path: string, id: string): Promise<{ duplicate: boolean } | null> => {
  try {
    const { status, body } = await http(url + path, { method: "POST", headers: { "x-delivery": id }, body: "{}" });
    const { duplicate = false } = JSON.parse(body.toString()) as { duplicate?: boolean };
    return status === 200 ? { duplicate } : null;
  } catch {
    return null;
  }
};

const makeSource = async ({ url }: Serve, key: string): Promise<string> => {
  const { body } = await http(`${url}/v1/sources`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "x", slug: "x", dedup_strategy: "header_field", dedup_field: "X-Delivery" }),
  });
  const { source } = JSON.parse(body.toString()) as { source: { id: string } };
  return `/v1/ingest/${source.id}`;
};

test("a crash forgets no key: what was acknowledged before kill -9 is a repeat after it", async () => {
  const children = createChildren();
  onTestFinished(async () => {
    children.killAll();
    await children.untilGone();
  });
  const directory = freshDirectory();
  const environment = await environmentIn(directory);
  const key = await makeKey(children, directory, environment);
  let gateway = await startServe(children, { directory, environment });
  await gateway.untilReady();
  const path = await makeSource(gateway, key);

  const acknowledged: string[] = [];
  let sent = 0;
  const sendUntilKilled = async (): Promise<void> => {
    while (gateway.isRunning) {
      sent += 1;
      const id = `d${sent}`;
      const answer = await post(gateway, path, id);
      if (answer !== null) acknowledged.push(id);
    }
  };
  const senders = Array.from({ length: 8 }, sendUntilKilled);
  await expect.poll(() => acknowledged.length, { timeout: 15_000 }).toBeGreaterThan(100);
  await gateway.end("SIGKILL");
  await Promise.all(senders);

  gateway = await startServe(children, { directory, environment });
  await gateway.untilReady();
  const ids = Array.from({ length: sent }, (_, at) => `d${at + 1}`);
  const again = new Map<string, boolean | undefined>();
  for (const id of ids) again.set(id, (await post(gateway, path, id))?.duplicate);
  expect(acknowledged.filter((id) => again.get(id) !== true)).toEqual([]);
  await gateway.end("SIGTERM");
  const rows = await reachInto<{ count: number }>(
    directory,
    "select count(*) as count from events where dedup = 'unique'",
  );
  // Those that nobody was told of were written or were not: either way, one of the two counts.
  expect(`${rows[0]!.count}`).toBe(`${sent}`);
}, 60_000);
