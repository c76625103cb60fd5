import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { claimedDueMs } from "../src/queue/delivery.ts";

/** What a store holds, seen from outside. */
export type StoreLook = {
  readonly events: number;
  /** Events with a delivery that has not ended. */
  readonly forwarding: number;
  /** Events with a delivery that was given up. */
  readonly failed: number;
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

const withDatabase = <Found>(path: string, find: (database: DatabaseSync) => Found): Found => {
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    return find(database);
  } finally {
    database.close();
  }
};

const countOf = (database: DatabaseSync, sql: string): number => Number(database.prepare(sql).get()?.["count"] ?? 0);

/** The numbers in the bodies of events, which `from` joins as `payloads`. */
const numbersOf = (database: DatabaseSync, from: string): ReadonlySet<number> =>
  new Set(
    database
      .prepare(`select json_extract(cast(payloads.body as text), '$.number') as number from ${from}`)
      .all()
      .map(({ number }) => Number(number)),
  );

const look = (database: DatabaseSync): StoreLook => ({
  events: countOf(database, "select count(*) as count from events"),
  forwarding: countOf(database, "select count(*) as count from events where status = 'forwarding'"),
  failed: countOf(database, "select count(*) as count from events where status = 'failed'"),
  live: countOf(database, "select count(*) as count from deliveries where due_at_ms is not null"),
  claimed: countOf(database, `select count(*) as count from deliveries where due_at_ms = ${claimedDueMs}`),
  liveNumbers: numbersOf(database, "deliveries join payloads using (event_id) where due_at_ms is not null"),
});

/** Looks at the store of a gateway that runs, whatever it does meanwhile. */
export const lookAtStore = (directory: string): StoreLook => withDatabase(join(directory, fileName), look);

/** Copies a store below `scratch`: the next start finds exactly what the last one left, and to open a store is to recover it. */
const copyOf = (directory: string, scratch: string): string => {
  const copy = join(scratch, fileName);
  copyFileSync(join(directory, fileName), copy);
  if (existsSync(join(directory, logName))) copyFileSync(join(directory, logName), join(scratch, logName));
  return copy;
};

/** Looks at what a dead gateway has left, in a copy below `scratch`. */
export const lookAtRemains = (directory: string, scratch: string): StoreLook =>
  withDatabase(copyOf(directory, scratch), look);

/** The numbers of all events that a dead gateway has left. */
export const numbersInRemains = (directory: string, scratch: string): ReadonlySet<number> =>
  withDatabase(copyOf(directory, scratch), (database) => numbersOf(database, "payloads"));

const idBytes = (id: string): Buffer => Buffer.from(id.replaceAll("-", ""), "hex");

/** How many events of a source the store of a gateway that runs holds. `sourceId`: as the API shows it. */
export const countEvents = (directory: string, sourceId: string): number =>
  withDatabase(join(directory, fileName), (database) => {
    const counted = database.prepare("select count(*) as count from events where source_id = ?").get(idBytes(sourceId));
    return Number(counted?.["count"] ?? 0);
  });

/** When the attempts of a replay began, oldest first, in the store of a gateway that runs. `replayId`: as the API shows it. */
export const replayTimes = (directory: string, replayId: string): readonly number[] =>
  withDatabase(join(directory, fileName), (database) =>
    database
      .prepare(
        `select started_at_ms from deliveries join attempts on attempts.event_id = deliveries.event_id and delivery_id = id
         where replay_id = ? order by started_at_ms`,
      )
      .all(idBytes(replayId))
      .map(({ started_at_ms }) => Number(started_at_ms)),
  );
