import { runIn } from "../../harness/postgres.ts";

/** What the database of several nodes holds. */
export type DatabaseLook = {
  /** The numbers of all stored events. */
  readonly numbers: ReadonlySet<number>;
  /** Events with a delivery that has not ended, and with one that was given up. */
  readonly forwarding: number;
  readonly failed: number;
  /** Deliveries that are due, now or later, or claimed. */
  readonly live: number;
};

/** Which node has which buckets: its process's id, as its name ends with it. */
export type Owners = ReadonlyMap<number, number>;

const bucketsCount = 64;
const claimed = Number.MAX_SAFE_INTEGER;
const numberOf = `substring(convert_from(payloads.body, 'utf8') from '"number":([0-9]+)')::bigint`;
const bucketSql = `get_byte(deliveries.destination_id, 15) % ${bucketsCount}`;

const countsSql = `select (select count(*) from events where status = 'forwarding') as forwarding,
  (select count(*) from events where status = 'failed') as failed,
  (select count(*) from deliveries where due_at_ms is not null) as live`;

const claimsSql = `select ${numberOf} as number, split_part(nodes.name, ':', 2)::bigint as pid from deliveries
  join payloads on payloads.event_id = deliveries.event_id
  join buckets on buckets.bucket = ${bucketSql} join nodes on nodes.id = buckets.owner
  where deliveries.due_at_ms = ${claimed}`;

const ownersSql = `select buckets.bucket::bigint as bucket, split_part(nodes.name, ':', 2)::bigint as pid
  from buckets join nodes on nodes.id = buckets.owner`;

/** Looks at all of it. */
export const lookAtDatabase = async (database: string): Promise<DatabaseLook> => {
  const [counts] = await runIn(database, countsSql);
  const rows = await runIn(database, `select ${numberOf} as number from payloads`);
  return {
    numbers: new Set(rows.map(({ number }) => Number(number))),
    forwarding: Number(counts?.["forwarding"]),
    failed: Number(counts?.["failed"]),
    live: Number(counts?.["live"]),
  };
};

/** How much is left to do. */
export const liveIn = async (database: string): Promise<number> => {
  const [counts] = await runIn(database, countsSql);
  return Math.max(Number(counts?.["live"]), Number(counts?.["forwarding"]));
};

/** The numbers of claimed deliveries, of these processes' destinations only. */
export const claimsIn = async (database: string, pids: readonly number[]): Promise<readonly number[]> =>
  (await runIn(database, claimsSql))
    .filter(({ pid }) => pids.includes(Number(pid)))
    .map(({ number }) => Number(number));

/** Who owns what. */
export const ownersIn = async (database: string): Promise<Owners> =>
  new Map((await runIn(database, ownersSql)).map(({ bucket, pid }) => [Number(bucket), Number(pid)]));

/** The bucket that a destination or a replay is in. */
export const bucketOf = (id: string): number => Number.parseInt(id.slice(-2), 16) % bucketsCount;

/** Whether these processes have everything between them, each about its share. */
export const isShared = (owners: Owners, pids: readonly number[]): boolean => {
  const share = Math.ceil(bucketsCount / pids.length);
  const countOf = (pid: number): number => [...owners.values()].filter((owner) => owner === pid).length;
  const counts = pids.map(countOf);
  return counts.reduce((sum, count) => sum + count, 0) === bucketsCount && counts.every((count) => count <= share);
};

/** When the attempts of a destination began, by the clocks of those that made them, oldest first. */
export const attemptTimesIn = async (database: string, destinationId: string): Promise<readonly number[]> => {
  const id = destinationId.replaceAll("-", "");
  const sql = `select started_at_ms from attempts where destination_id = '\\x${id}'::bytea order by started_at_ms`;
  return (await runIn(database, sql)).map(({ started_at_ms }) => Number(started_at_ms));
};

/** When the attempts of a replay began, by the clocks of those that made them, oldest first. */
export const replayTimesIn = async (database: string, replayId: string): Promise<readonly number[]> => {
  const sql = `select started_at_ms from attempts join deliveries on deliveries.event_id = attempts.event_id and deliveries.id = delivery_id
    where replay_id = '\\x${replayId.replaceAll("-", "")}'::bytea order by started_at_ms`;
  return (await runIn(database, sql)).map(({ started_at_ms }) => Number(started_at_ms));
};
