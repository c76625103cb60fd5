import { runIn, startPostgres } from "../../harness/postgres.ts";
import { pause } from "../../harness/time.ts";
import type { Account, FaultContext } from "../fault.ts";
import { longestGapMs } from "../gap.ts";
import type { Gateway } from "../gateway.ts";
import type { Acknowledged, Load, LoadWish } from "../load.ts";
import type { Receiver } from "../receiver.ts";

/** How many nodes there are at first, and what they send to. */
export type NodesWish = {
  readonly nodes: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** Fields of the one destination, as the API has them. */
  readonly destination?: Readonly<Record<string, unknown>>;
};

/** Several nodes on one database, with one source and one destination. */
export type NodesStand = {
  readonly receiver: Receiver;
  /** The node that sends to the destination, and one that does not. */
  owner(): Promise<Gateway>;
  other(): Promise<Gateway>;
  load(node: Gateway, wish?: Partial<LoadWish>): Load;
  /** Notes that a fault strikes now. Gives how many deliveries are claimed and arrived: those may come again. */
  strike(): Promise<number>;
  /** Ends the loads, and counts once everything has been delivered, or nothing has moved for `stallMs`. */
  settle(stallMs?: number): Promise<Account>;
};

const sealingKey = `k1:${Buffer.alloc(32, 7).toString("base64")}`;
const lookMs = 50;
/** Longer than a take-over. */
const stallMsMax = 30_000;

const ownerSql = (destinationId: string): string => `select nodes.name from buckets
  join nodes on nodes.id = buckets.owner
  where buckets.bucket = ${Number.parseInt(destinationId.slice(-2), 16) % 64}`;

const claimedSql = `select convert_from(payloads.body, 'utf8') as body from deliveries
  join payloads on payloads.event_id = deliveries.event_id
  where deliveries.due_at_ms = ${Number.MAX_SAFE_INTEGER}`;

/** Numbers of the events whose deliveries some node has claimed. */
const claimedNumbers = async (database: string): Promise<readonly number[]> =>
  (await runIn(database, claimedSql)).map(({ body }) => Number(/"number":(\d+)/.exec(String(body))?.[1]));

const liveIn = async (database: string): Promise<{ readonly live: number; readonly events: number }> => {
  const [row] = await runIn(
    database,
    `select (select count(*) from deliveries where due_at_ms is not null) as live, (select count(*) from events) as events`,
  );
  return { live: Number(row?.["live"]), events: Number(row?.["events"]) };
};

/** Which of the nodes sends to a destination. */
const ownerOf = async (database: string, destinationId: string, nodes: readonly Gateway[]): Promise<Gateway> => {
  for (;;) {
    const [row] = await runIn(database, ownerSql(destinationId));
    const found = nodes.find(({ serve }) => String(row?.["name"]).endsWith(`:${serve.pid}`));
    if (found !== undefined) return found;
    await pause(lookMs);
  }
};

/** Waits until so many nodes have all of the work between them. */
const untilShared = async (database: string, nodes: number): Promise<void> => {
  const sql = "select count(distinct owner) as owners, count(owner) as owned from buckets";
  for (;;) {
    const [row] = await runIn(database, sql);
    if (Number(row?.["owners"]) === nodes && Number(row?.["owned"]) === 64) return;
    await pause(lookMs);
  }
};

type Counted = {
  readonly database: string;
  readonly receiver: Receiver;
  readonly acknowledged: readonly Acknowledged[];
};

const untilStill = async (
  { database, receiver, acknowledged }: Counted,
  stallMs: number,
): Promise<Pick<Account, "lost" | "stuck">> => {
  let arrived = -1;
  let movedMs = performance.now();
  for (;;) {
    const missing = acknowledged.filter(({ number }) => !receiver.counts.has(number)).length;
    const { live, events } = await liveIn(database);
    if (missing === 0 && live === 0) return { lost: Math.max(0, acknowledged.length - events), stuck: 0 };
    if (receiver.arrivals.length > arrived) {
      arrived = receiver.arrivals.length;
      movedMs = performance.now();
    }
    if (performance.now() - movedMs > stallMs) return { lost: missing, stuck: live };
    await pause(lookMs);
  }
};

/** Counts once all is still. `fromMs`: when the first fault struck. */
const countUp = async (counted: Counted, fromMs: number, stallMs: number): Promise<Account> => {
  const { receiver, acknowledged } = counted;
  return {
    ...(await untilStill(counted, stallMs)),
    acknowledged: acknowledged.length,
    duplicates: [...receiver.counts.values()].reduce((sum, count) => sum + count - 1, 0),
    duplicatesMax: 0,
    longestGapMs: longestGapMs(acknowledged, receiver.arrivals, { fromMs, untilMs: performance.now() }),
    restarts: 0,
  };
};

/** Starts nodes and waits until they have shared the work. */
export const openNodes = async (context: FaultContext, wish: NodesWish): Promise<NodesStand> => {
  const postgres = await startPostgres({ isDurable: false });
  context.onEnd(postgres.close);
  const database = postgres.url();
  const environment = { DATABASE_URL: database, SECRETS_KEY: sealingKey, ...wish.environment };
  const first = await context.startGateway({ environment });
  const nodes: Gateway[] = [first];
  while (nodes.length < wish.nodes) nodes.push(await context.startGateway({ environment }));
  const receiver = await context.startReceiver();
  const source = await first.client.makeSource({ name: "load", require_signature: false });
  const destination = { url: receiver.url, max_concurrency: 32, ...wish.destination };
  const destinationId = await first.client.makeDestination(source, destination);
  const loads: Load[] = [];
  let struckMs: number | null = null;
  const owner = (): Promise<Gateway> => ownerOf(database, destinationId, nodes);
  await untilShared(database, nodes.length);
  return {
    receiver,
    owner,
    other: async () => {
      const own = await owner();
      return nodes.find((node) => node !== own && node.serve.isRunning) ?? own;
    },
    load: (node, own = {}) => {
      const firstNumber = 1 + loads.length * 1_000_000;
      const load = context.startLoad({ port: node.port, path: source.path, firstNumber, ...own });
      loads.push(load);
      return load;
    },
    strike: async () => {
      struckMs ??= performance.now();
      return (await claimedNumbers(database)).filter((number) => receiver.counts.has(number)).length;
    },
    settle: async (stallMs = stallMsMax) => {
      await Promise.all(loads.map((load) => load.stop()));
      const acknowledged = loads.flatMap((load) => load.acknowledged).toSorted((a, b) => a.ackedMs - b.ackedMs);
      return countUp({ database, receiver, acknowledged }, struckMs ?? 0, stallMs);
    },
  };
};
