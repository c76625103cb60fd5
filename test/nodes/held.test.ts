import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";

import { eventually } from "../support/engine.ts";
import { ensureDatabase } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory, reachInto } from "../support/store.ts";
import { makeDestination, makeSource, startNode } from "./_nodes.ts";

/** Who posts one event after the other, for longer than the held one waits before it is tried again, twice. */
const senders = 4;
const forMs = 8_000;

/** A commit waits for four seconds, once; and what a busy machine adds. */
const answerMsMax = 10_000;

test(
  "a delivery that somebody's open transaction holds keeps no other from being taken, sent and recorded",
  { timeout: 120_000 },
  async () => {
    const directory = freshDirectory();
    const client = new Client({ connectionString: await ensureDatabase(directory) });
    onTestFinished(() => client.end());
    await client.connect();
    let isHeld = false;
    await using receiver = await startReceiver(async (_, response) => {
      // The first is held before its outcome can be recorded.
      if (!isHeld) {
        isHeld = true;
        await client.query("begin; update deliveries set reason = 'looked at by hand'");
      }
      response.end();
    });
    const node = await startNode(directory);
    const source = await makeSource(node);
    await makeDestination(node, source, { url: receiver.url, max_concurrency: 8 });
    let events = 0;
    const post = async (): Promise<void> => {
      const startedMs = performance.now();
      events += 1;
      expect((await node.request("POST", source.path, { number: events })).status).toBe(200);
      expect(performance.now() - startedMs).toBeLessThan(answerMsMax);
    };
    const postFor = async (durationMs: number): Promise<void> => {
      const untilMs = performance.now() + durationMs;
      while (performance.now() < untilMs) await post();
    };
    const counts = async (): Promise<Record<string, number>> => {
      const sql = "select status, count(*)::int as count from deliveries group by status";
      const rows = await reachInto<{ status: string; count: number }>(directory, sql);
      return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
    };

    await post();
    await receiver.waitFor(1);
    await Promise.all(Array.from({ length: senders }, () => postFor(forMs)));
    await eventually(async () => expect(await counts()).toEqual({ pending: 1, success: events - 1 }));
    await client.query("rollback");
    await eventually(async () => expect(await counts()).toEqual({ success: events }));
    expect(receiver.requests).toHaveLength(events);
  },
);
