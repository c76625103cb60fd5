import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";

import { eventually } from "../support/engine.ts";
import { ensureDatabase } from "../support/postgres.ts";
import { startReceiver } from "../support/receiver.ts";
import { freshDirectory, reachInto } from "../support/store.ts";
import { makeDestination, makeSource, startNode } from "./_nodes.ts";

const events = 400;
const senders = 8;
const concurrency = 16;

/** A commit waits for four seconds, once; and what a busy machine adds. */
const answerMsMax = 10_000;

test(
  "what somebody's open transaction holds keeps nothing else from being taken, sent and recorded",
  { timeout: 120_000 },
  async () => {
    const directory = freshDirectory();
    const client = new Client({ connectionString: await ensureDatabase(directory) });
    onTestFinished(() => client.end());
    await client.connect();
    let isHeld = false;
    await using receiver = await startReceiver(async ({ path }, response) => {
      // Somebody changes the destination, and the delivery that is under way, before its outcome can be recorded.
      if (path === "/held" && !isHeld) {
        isHeld = true;
        await client.query(`begin; update destinations set name = 'looked at by hand' where url like '%/held';
          update deliveries set reason = null where destination_id in (select id from destinations where url like '%/held')`);
      }
      // What fails is counted at its destination.
      response.statusCode = path === "/held" ? 500 : 200;
      response.end();
    });
    const node = await startNode(directory);
    const source = await makeSource(node);
    for (const path of ["/held", "/free"]) {
      const slow = { max_concurrency: concurrency, retry_schedule: [3_600] };
      await makeDestination(node, source, { url: receiver.url + path, ...slow });
    }
    let posted = 0;
    const postSome = async (): Promise<void> => {
      while (posted < events) {
        posted += 1;
        const startedMs = performance.now();
        expect((await node.request("POST", source.path, { number: posted })).status).toBe(200);
        expect(performance.now() - startedMs).toBeLessThan(answerMsMax);
      }
    };
    const recorded = async (path: string): Promise<number> => {
      const sql = `select count(*)::int as count from attempts a join destinations d on d.id = a.destination_id
        where d.url like '%${path}'`;
      const [row] = await reachInto<{ count: number }>(directory, sql);
      return row!.count;
    };
    const sentTo = (path: string): number => receiver.requests.filter((request) => request.path === path).length;

    await Promise.all(Array.from({ length: senders }, postSome));
    await eventually(async () => expect(await recorded("/free")).toBe(events));
    expect([sentTo("/free"), sentTo("/held"), await recorded("/held")]).toEqual([events, concurrency, 0]);
    await client.query("rollback");
    // Each once: what waited is recorded, and makes room for the next.
    await eventually(async () => expect(await recorded("/held")).toBeGreaterThan(concurrency));
    const ids = receiver.requests.map(({ path, headers }) => `${path} ${String(headers["webhook-id"])}`);
    expect(new Set(ids).size).toBe(ids.length);
  },
);
