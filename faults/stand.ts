import type { MadeSource } from "../harness/client.ts";
import { pause } from "../harness/time.ts";
import type { Account, FaultContext } from "./fault.ts";
import { longestGapMs } from "./gap.ts";
import type { Gateway, GatewayWish } from "./gateway.ts";
import type { Load, LoadWish } from "./load.ts";
import type { Receiver } from "./receiver.ts";
import { lookAtRemains, lookAtStore, type StoreLook } from "./store.ts";

export type StandWish = {
  readonly gateway?: GatewayWish;
  readonly load?: Partial<LoadWish>;
  /** Fields of the source and of its one destination, as the API has them, over those below. */
  readonly source?: Readonly<Record<string, unknown>>;
  readonly destination?: Readonly<Record<string, unknown>>;
};

/** The usual arrangement: a gateway under load, with one source and one destination. */
export type Stand = {
  readonly gateway: Gateway;
  readonly receiver: Receiver;
  readonly source: MadeSource;
  readonly destinationId: string;
  readonly load: Load;
  /** Notes that a fault strikes now: gaps count from the first one on. */
  strike(): void;
  /** Allows that many deliveries more than one of an event. */
  allowDuplicates(count: number): void;
  /** Kills the gateway, and gives how many deliveries were sent and not recorded: those may come again. */
  kill(): Promise<number>;
  /** Starts the gateway again, by hand as it were. Gives the time until it was ready. */
  restart(): Promise<number>;
  /** Ends the load, and counts once everything has been delivered, or nothing has moved for `stallMs`. */
  settle(stallMs?: number): Promise<Account>;
};

/** The longest first retry is shorter. */
const stallMsMax = 20_000;
const lookMs = 20;

const countAgain = ({ counts }: Receiver): number => [...counts.values()].reduce((sum, count) => sum + count - 1, 0);

/**
 * Looks at the store of a gateway that runs. One that is seen through `/proc` is copied first: SQLite would follow that link
 * to what lies at the same path here.
 */
const lookerAt = (gateway: Gateway, context: FaultContext): (() => StoreLook) => {
  if (!gateway.isApart) return () => lookAtStore(gateway.directory);
  const scratch = context.newDirectory("look");
  return () => lookAtRemains(gateway.directory, scratch);
};

/** Waits until everything acknowledged has arrived and the store has nothing left to do, or all stands still. */
const untilStill = async (
  { receiver, load }: Pick<Stand, "receiver" | "load">,
  look: () => StoreLook,
  stallMs: number,
): Promise<Pick<Account, "lost" | "stuck">> => {
  let arrived = receiver.arrivals.length;
  let movedMs = performance.now();
  let leftBefore = 0;
  for (;;) {
    const missing = load.acknowledged.filter(({ number }) => !receiver.counts.has(number)).length;
    if (missing === 0) {
      const { live, forwarding, events } = look();
      // Whatever came in without an answer is stored as well.
      const unstored = Math.max(0, load.acknowledged.length - events);
      if (live === 0 && forwarding === 0) return { lost: unstored, stuck: 0 };
      // What goes elsewhere is not among the arrivals.
      if (live !== leftBefore) movedMs = performance.now();
      leftBefore = live;
    }
    if (receiver.arrivals.length > arrived) {
      arrived = receiver.arrivals.length;
      movedMs = performance.now();
    }
    if (performance.now() - movedMs > stallMs) {
      const { live, forwarding } = look();
      return { lost: missing, stuck: Math.max(live, forwarding) };
    }
    await pause(lookMs);
  }
};

/** Starts a gateway, makes a source and a destination, and puts it under load. */
export const openStand = async (context: FaultContext, wish: StandWish = {}): Promise<Stand> => {
  const receiver = await context.startReceiver();
  const gateway = await context.startGateway(wish.gateway);
  const source = await gateway.client.makeSource({ name: "load", require_signature: false, ...wish.source });
  const destination = { url: receiver.url, max_concurrency: 32, ...wish.destination };
  const destinationId = await gateway.client.makeDestination(source, destination);
  const load = context.startLoad({ port: gateway.port, path: source.path, ...wish.load });
  let firstStrikeMs: number | null = null;
  let duplicatesMax = 0;
  let restarts = 0;
  const strike = (): void => {
    firstStrikeMs ??= performance.now();
  };
  return {
    gateway,
    receiver,
    source,
    destinationId,
    load,
    strike,
    allowDuplicates: (count) => {
      duplicatesMax += count;
    },
    kill: async () => {
      strike();
      await gateway.kill();
      await receiver.untilAlone();
      const { liveNumbers } = lookAtRemains(gateway.directory, context.newDirectory("remains"));
      const underWay = [...liveNumbers].filter((number) => receiver.counts.has(number)).length;
      duplicatesMax += underWay;
      return underWay;
    },
    restart: async () => {
      restarts += 1;
      return gateway.start();
    },
    settle: async (stallMs = stallMsMax) => {
      await load.stop();
      const { lost, stuck } = await untilStill({ receiver, load }, lookerAt(gateway, context), stallMs);
      const span = { fromMs: firstStrikeMs ?? 0, untilMs: performance.now() };
      return {
        acknowledged: load.acknowledged.length,
        lost,
        stuck,
        duplicates: countAgain(receiver),
        duplicatesMax,
        longestGapMs: longestGapMs(load.acknowledged, receiver.arrivals, span),
        restarts,
      };
    },
  };
};
