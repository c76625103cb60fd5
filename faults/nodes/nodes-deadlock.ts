import { Client } from "pg";

import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import { createPromises } from "../promises.ts";
import { keepNodes, type NodesStand, openNodes } from "./stand.ts";

const deadlocks = { short: 4, long: 30 } as const;
const ratePerSecond = 50;
const before = 100;
/** How long a receiver takes: so long are rows known that a batch will write. */
const answerMs = 150;
const roundMsMax = 10_000;
const goesOnMsMax = 5_000;

/** The last delivery that is claimed, and its event: batches write the first before the second. */
const claimedSql = `select event_id, id from deliveries where due_at_ms = ${Number.MAX_SAFE_INTEGER}
  order by event_id desc limit 1`;
const waitingSql =
  "select count(*) as waiting from pg_stat_activity where wait_event_type = 'Lock' and $1 = any (pg_blocking_pids(pid))";
const countSql = "select deadlocks from pg_stat_database where datname = current_database()";

const numberOf = async (
  client: Client,
  sql: string,
  column: string,
  values: readonly unknown[] = [],
): Promise<number> => Number((await client.query<Record<string, unknown>>(sql, [...values])).rows[0]?.[column]);

/**
 * Holds the event's row until somebody waits for it, and asks then for the delivery's, which whoever waits has written: one of
 * the two must give up, and it is the one whose patience ends first.
 */
const provoke = async (other: Client): Promise<boolean> => {
  const { rows } = await other.query<{ event_id: Buffer; id: Buffer }>(claimedSql);
  const [claimed] = rows;
  if (claimed === undefined) return false;
  const pid = await numberOf(other, "select pg_backend_pid() as pid", "pid");
  await other.query("begin");
  // A superuser may wait longer than the server would have it.
  await other.query("set local deadlock_timeout = '20s'");
  await other.query("set local lock_timeout = '9s'");
  await other.query("select from events where id = $1 for update", [claimed.event_id]);
  const startedMs = performance.now();
  while ((await numberOf(other, waitingSql, "waiting", [pid])) === 0) {
    if (performance.now() - startedMs > 1_000) break;
    await pause(5);
  }
  await other.query("select from deliveries where event_id = $1 and id = $2 for update", [
    claimed.event_id,
    claimed.id,
  ]);
  await other.query("rollback");
  return true;
};

const untilAnother = async (other: Client, have: number): Promise<void> => {
  const startedMs = performance.now();
  while (performance.now() - startedMs < roundMsMax) {
    await provoke(other).catch(() => other.query("rollback"));
    await other.query("select pg_stat_clear_snapshot()");
    // A session tells of its deadlocks a second later.
    for (let look = 0; look < 30; look += 1) {
      if ((await numberOf(other, countSql, "deadlocks")) > have) return;
      await pause(50);
    }
  }
};

const untilGoesOn = async ({ receiver }: NodesStand): Promise<number> => {
  const fromMs = performance.now();
  const goesOn = (): boolean => (receiver.arrivals.at(-1)?.atMs ?? 0) > fromMs;
  while (!goesOn() && performance.now() - fromMs < goesOnMsMax) await pause(5);
  return performance.now() - fromMs;
};

/** Somebody else's session locks in the other order what batches write: their batches are taken back, and written again. */
export const nodesDeadlockFault: Fault = {
  name: "nodes-deadlock",
  title: "a session of somebody else's that deadlocks with the batches of the nodes",
  run: async (context) => {
    const stand = await openNodes(context, { nodes: 3, sources: 3 });
    stand.receiver.answerWith(async () => {
      await pause(answerMs);
      return 200;
    });
    for (const node of stand.nodes) stand.load(node, { connections: 4, ratePerSecond });
    const other = new Client({ connectionString: stand.database });
    await other.connect();
    context.onEnd(() => other.end());
    await stand.untilMore(before);
    stand.strike();
    const goesOnMs: number[] = [];
    for (let round = 0; round < deadlocks[context.scale]; round += 1) {
      await untilAnother(other, await numberOf(other, countSql, "deadlocks"));
      goesOnMs.push(await untilGoesOn(stand));
    }
    const found = await numberOf(other, countSql, "deadlocks");
    await other.end();
    const account = await stand.settle();
    const promises = createPromises();
    await keepNodes(promises, stand, account);
    promises.keep(`batches deadlock; ${found} did`, found >= deadlocks[context.scale]);
    const longestMs = Math.max(...goesOnMs);
    promises.keep(`deliveries go on within ${goesOnMsMax} ms; it took ${longestMs}`, longestMs < goesOnMsMax);
    const refused = stand.loads.flatMap((load) => load.refused).length;
    promises.keep(`nothing is refused for it; ${refused} were`, refused === 0);
    return {
      account,
      figures: [{ name: "deadlocks", value: found, unit: "" }],
      broken: promises.broken,
    };
  },
};
