import type { MadeSource } from "../../harness/client.ts";
import { type PostgresServer, startPostgres } from "../../harness/postgres.ts";
import { pause } from "../../harness/time.ts";
import type { Account, FaultContext } from "../fault.ts";
import { longestGapMs } from "../gap.ts";
import type { Gateway, StartWish } from "../gateway.ts";
import type { Acknowledged, Load, LoadWish } from "../load.ts";
import type { Promises } from "../promises.ts";
import { keepAccount } from "../promises.ts";
import type { Receiver } from "../receiver.ts";
import { bucketOf, claimsIn, type DatabaseLook, isShared, liveIn, lookAtDatabase, ownersIn } from "./look.ts";

/** How many nodes there are at first, and what they send to. */
export type NodesWish = {
  readonly nodes: number;
  /** Default: one that syncs, and is gone with the run. */
  readonly postgres?: PostgresServer;
  /** How a node reaches the database. Default: without anything between. */
  readonly databaseOf?: (node: number) => string;
  readonly startOf?: (node: number) => StartWish;
  /** Sources, each with one destination. Default: 1. Fields of destinations are those of the API. */
  readonly sources?: number;
  readonly destination?: Readonly<Record<string, unknown>>;
  readonly destinationOf?: (source: number) => Readonly<Record<string, unknown>>;
  /** Names of the headers that the receiver notes. Default: all. */
  readonly keptHeaders?: readonly string[];
};

type Span = { readonly fromMs: number; readonly untilMs: number };

/** Several nodes on one database, with sources that have one destination each. */
export type NodesStand = {
  readonly postgres: PostgresServer;
  /** The database, with nothing between. */
  readonly database: string;
  readonly nodes: readonly Gateway[];
  readonly receiver: Receiver;
  readonly sources: readonly MadeSource[];
  readonly destinationIds: readonly string[];
  readonly loads: readonly Load[];
  /** The node that sends to the destination of a source, and a running one that does not. Default: of the first. */
  owner(source?: number): Promise<Gateway>;
  other(source?: number): Promise<Gateway>;
  /** Posts events of these sources, one after the other, to a node. Default: of all. */
  load(node: Gateway, wish?: Partial<LoadWish>, of?: readonly number[]): Load;
  acknowledged(): readonly Acknowledged[];
  /** Resolves when that many more are acknowledged. */
  untilMore(count: number): Promise<void>;
  /** Notes that a fault strikes now. */
  strike(): void;
  /** Allows as many deliveries more than one of an event as these nodes have claimed that arrived. Gives how many. */
  allowUnderWay(nodes: readonly Gateway[]): Promise<number>;
  /** `kill -9` of all of these at once. */
  kill(nodes: readonly Gateway[]): Promise<void>;
  restart(nodes: readonly Gateway[]): Promise<void>;
  /** Waits until the nodes that run, or these, share everything. Gives the time. @throws {Error} after a minute. */
  untilShared(among?: readonly Gateway[]): Promise<number>;
  /** The longest that any one destination waited. */
  gapMs(span: Span): number;
  /** Ends the loads, and counts once everything has been delivered, or nothing has moved for `stallMs`. */
  settle(stallMs?: number): Promise<Account>;
  look(): Promise<DatabaseLook>;
};

const sealingKey = `k1:${Buffer.alloc(32, 7).toString("base64")}`;
const lookMs = 50;
/** Longer than a take-over. */
const stallMsMax = 40_000;
const sharedMsMax = 60_000;
/** After a death: what its last commits and requests do is done. */
const graceMs = 300;
const numbersPerLoad = 10_000_000;

type Still = Pick<Account, "lost" | "stuck">;

/** Waits until everything acknowledged has arrived and nothing is left to do, or all stands still. */
const untilStill = async (
  { database, receiver }: Pick<NodesStand, "database" | "receiver">,
  acknowledged: readonly Acknowledged[],
  stallMs: number,
): Promise<Still> => {
  let arrived = receiver.arrivals.length;
  let movedMs = performance.now();
  const missing = (): readonly Acknowledged[] => acknowledged.filter(({ number }) => !receiver.counts.has(number));
  for (;;) {
    if (receiver.arrivals.length > arrived) {
      arrived = receiver.arrivals.length;
      movedMs = performance.now();
    }
    const live = missing().length === 0 ? await liveIn(database) : null;
    if (live === 0 || performance.now() - movedMs > stallMs) {
      const { numbers } = await lookAtDatabase(database);
      const lost = acknowledged.filter(({ number }) => !numbers.has(number) || !receiver.counts.has(number));
      return { lost: lost.length, stuck: live ?? (await liveIn(database)) };
    }
    await pause(lookMs);
  }
};

const startNodes = async (
  context: FaultContext,
  { nodes, databaseOf, startOf }: NodesWish,
  database: string,
): Promise<readonly Gateway[]> => {
  const started: Gateway[] = [];
  while (started.length < nodes) {
    const url = databaseOf?.(started.length) ?? database;
    const start = startOf?.(started.length) ?? {};
    const environment = { DATABASE_URL: url, SECRETS_KEY: sealingKey, ...start.environment };
    started.push(await context.startGateway({ ...start, environment }));
  }
  return started;
};

const makeRoutes = async (
  { client }: Gateway,
  { url }: Receiver,
  { sources = 1, destination = {}, destinationOf }: NodesWish,
): Promise<readonly (MadeSource & { readonly destinationId: string })[]> => {
  const made = [];
  for (let index = 0; index < sources; index += 1) {
    const source = await client.makeSource({ name: `load ${index}`, require_signature: false });
    const fields = { url: `${url}/${index}`, max_concurrency: 32, ...destination, ...destinationOf?.(index) };
    made.push({ ...source, destinationId: await client.makeDestination(source, fields) });
  }
  return made;
};

const countAgain = ({ counts }: Receiver): number => [...counts.values()].reduce((sum, count) => sum + count - 1, 0);

type Posts = Pick<NodesStand, "loads" | "load" | "acknowledged" | "untilMore" | "gapMs">;

/** What posts events to nodes, and which source each event is of. */
const createPosts = (context: FaultContext, receiver: Receiver, paths: readonly string[]): Posts => {
  const loads: Load[] = [];
  /** The sources of each load. */
  const routes: (readonly number[])[] = [];
  const isOf =
    (source: number) =>
    ({ number }: { readonly number: number }): boolean => {
      const own = routes[Math.floor(number / numbersPerLoad)] ?? [];
      return own[number % own.length] === source;
    };
  const acknowledged = (): readonly Acknowledged[] => loads.flatMap((load) => load.acknowledged);
  return {
    loads,
    acknowledged,
    load: (node, own = {}, of = paths.map((_, source) => source)) => {
      const firstNumber = 1 + loads.length * numbersPerLoad;
      const path = of.map((source) => paths[source] ?? "");
      const load = context.startLoad({ port: node.port, path, firstNumber, ...own });
      loads.push(load);
      routes.push(of);
      return load;
    },
    untilMore: async (count) => {
      const wanted = acknowledged().length + count;
      const deadlineMs = performance.now() + sharedMsMax;
      while (acknowledged().length < wanted) {
        if (performance.now() > deadlineMs) throw new Error(`${acknowledged().length} of ${wanted} were acknowledged`);
        await pause(lookMs);
      }
    },
    gapMs: (span) => {
      const inOrder = acknowledged().toSorted((a, b) => a.ackedMs - b.ackedMs);
      const gapOf = (source: number): number =>
        longestGapMs(inOrder.filter(isOf(source)), receiver.arrivals.filter(isOf(source)), span);
      return Math.max(...paths.map((_, source) => gapOf(source)));
    },
  };
};

type Shares = Pick<NodesStand, "owner" | "other" | "untilShared">;

/** Who has what. */
const createShares = (database: string, nodes: readonly Gateway[], destinationIds: readonly string[]): Shares => {
  const owner = async (source = 0): Promise<Gateway> => {
    for (;;) {
      const pid = (await ownersIn(database)).get(bucketOf(destinationIds[source] ?? ""));
      const found = nodes.find(({ serve }) => serve.pid === pid);
      if (found !== undefined) return found;
      await pause(lookMs);
    }
  };
  return {
    owner,
    other: async (source) => {
      const own = await owner(source);
      return nodes.find((node) => node !== own && node.serve.isRunning) ?? own;
    },
    untilShared: async (among = nodes.filter(({ serve }) => serve.isRunning)) => {
      const startedMs = performance.now();
      const pids = among.map(({ serve }) => serve.pid);
      while (!isShared(await ownersIn(database), pids)) {
        if (performance.now() - startedMs > sharedMsMax) throw new Error(`not shared within ${sharedMsMax} ms`);
        await pause(lookMs);
      }
      return performance.now() - startedMs;
    },
  };
};

/** Starts nodes and waits until they have shared the work. */
export const openNodes = async (context: FaultContext, wish: NodesWish): Promise<NodesStand> => {
  const postgres = wish.postgres ?? (await startPostgres({ isDurable: true }));
  if (wish.postgres === undefined) context.onEnd(postgres.close);
  const database = postgres.url();
  const nodes = await startNodes(context, wish, database);
  const [first] = nodes;
  if (first === undefined) throw new Error("no node was asked for");
  const receiver = await context.startReceiver(wish.keptHeaders);
  const sources = await makeRoutes(first, receiver, wish);
  const destinationIds = sources.map(({ destinationId }) => destinationId);
  const shares = createShares(database, nodes, destinationIds);
  const paths = sources.map(({ path }) => path);
  const posts = createPosts(context, receiver, paths);
  let struckMs: number | null = null;
  let duplicatesMax = 0;
  let restarts = 0;

  const strike = (): void => {
    struckMs ??= performance.now();
  };
  const allowUnderWay = async (of: readonly Gateway[]): Promise<number> => {
    const pids = of.map(({ serve }) => serve.pid);
    const claims = await claimsIn(database, pids);
    const count = claims.filter((number) => receiver.counts.has(number)).length;
    duplicatesMax += count;
    return count;
  };
  await shares.untilShared();
  return {
    postgres,
    database,
    nodes,
    receiver,
    sources,
    destinationIds,
    ...shares,
    ...posts,
    strike,
    allowUnderWay,
    kill: async (killed) => {
      strike();
      await Promise.all(killed.map((node) => node.kill()));
      await pause(graceMs);
      await allowUnderWay(killed);
    },
    restart: async (again) => {
      restarts += again.length;
      await Promise.all(again.map((node) => node.start()));
    },
    settle: async (stallMs = stallMsMax) => {
      await Promise.all(posts.loads.map((load) => load.stop()));
      const all = posts.acknowledged();
      const still = await untilStill({ database, receiver }, all, stallMs);
      const longest = posts.gapMs({ fromMs: struckMs ?? 0, untilMs: performance.now() });
      const duplicates = countAgain(receiver);
      return { acknowledged: all.length, ...still, duplicates, duplicatesMax, longestGapMs: longest, restarts };
    },
    look: () => lookAtDatabase(database),
  };
};

/** What every fault of nodes must leave true. `killed`: how many processes were. */
export const keepNodes = async (
  promises: Promises,
  { nodes, look }: Pick<NodesStand, "nodes" | "look">,
  account: Account,
): Promise<void> => {
  keepAccount(promises, account);
  const { failed } = await look();
  promises.keep(`no event is given up; ${failed} were`, failed === 0);
  promises.keep(
    "all nodes run",
    nodes.every(({ serve }) => serve.isRunning),
  );
};
