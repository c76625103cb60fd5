import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { claimedDueMs } from "../src/queue/delivery.ts";

/** What a store holds, seen from outside. */
export type StoreLook = {
  readonly events: number;
  /** Events with a delivery that has not ended. */
  readonly forwarding: number;
  /** Deliveries that are due, now or later, or claimed. */
  readonly live: number;
  /** Those among them that a process has in hand. */
  readonly claimed: number;
  /** The numbers of the events of live deliveries. */
  readonly liveNumbers: ReadonlySet<number>;
};

const fileName = "postern.db";
const logName = `${fileName}-wal`;
const busyMs = 5_000;

const look = (path: string): StoreLook => {
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    const count = (sql: string): number => Number(database.prepare(sql).get()?.["count"] ?? 0);
    const live = database
      .prepare(
        `select json_extract(cast(payloads.body as text), '$.number') as number
         from deliveries join payloads using (event_id) where due_at_ms is not null`,
      )
      .all();
    return {
      events: count("select count(*) as count from events"),
      forwarding: count("select count(*) as count from events where status = 'forwarding'"),
      live: live.length,
      claimed: count(`select count(*) as count from deliveries where due_at_ms = ${claimedDueMs}`),
      liveNumbers: new Set(live.map(({ number }) => Number(number))),
    };
  } finally {
    database.close();
  }
};

/** Looks at the store of a gateway that runs, whatever it does meanwhile. */
export const lookAtStore = (directory: string): StoreLook => look(join(directory, fileName));

/**
 * Looks at what a dead gateway has left, in a copy below `scratch`: the next start must find exactly what the last one
 * left, and to open a store is to recover it.
 */
export const lookAtRemains = (directory: string, scratch: string): StoreLook => {
  const copy = join(scratch, fileName);
  copyFileSync(join(directory, fileName), copy);
  if (existsSync(join(directory, logName))) copyFileSync(join(directory, logName), join(scratch, logName));
  return look(copy);
};
