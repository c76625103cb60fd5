import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import { createPromises, type Promises } from "../promises.ts";
import type { Arrival } from "../receiver.ts";
import { attemptTimesIn } from "./look.ts";
import { countOvertaken, mostInASecond } from "./order.ts";
import { keepNodes, type NodesStand, openNodes } from "./stand.ts";

const quietMs = { short: 6_000, long: 60_000 } as const;
const answerMs = 5;
const ratePerSecondMax = 50;
/** Of a rate, in any sliding second. */
const overRate = 1.05;
/** At each of three nodes, for each source: a little more than the rate allows. */
const ratePerSecond = 19;
const orderedPerSecond = 10;

const [single, rated, ordered] = [0, 1, 2] as const;

/** Whoever takes over from a dead node waits for as long as that may still be sending. */
const startOf = () => ({ environment: { DELIVERY_TIMEOUT_SECONDS: "2" } });

const fields = [
  { max_concurrency: 1 },
  { rate_limit: ratePerSecondMax, rate_limit_period: "second" },
  { ordered: true },
] as const;

/** How many requests a path had at most at once. */
const watchTogether = ({ receiver }: NodesStand): ((path: string) => number) => {
  const underWay = new Map<string, number>();
  const most = new Map<string, number>();
  receiver.answerWith(async ({ path }) => {
    const now = (underWay.get(path) ?? 0) + 1;
    underWay.set(path, now);
    most.set(path, Math.max(now, most.get(path) ?? 0));
    await pause(answerMs);
    underWay.set(path, (underWay.get(path) ?? 0) - 1);
    return 200;
  });
  return (path) => most.get(path) ?? 0;
};

const arrivalsOf = ({ receiver }: NodesStand, source: number): readonly Arrival[] =>
  receiver.arrivals.filter(({ path }) => path === `/${source}`);

/** Each node's events are posted one after the other: of each, the order is known. */
const countOvertakenOf = (stand: NodesStand): number => {
  const arrived = arrivalsOf(stand, ordered);
  return stand.loads.reduce((sum, { acknowledged }) => {
    const own = new Set(acknowledged.map(({ number }) => number));
    return sum + countOvertaken(arrived.filter(({ number }) => own.has(number)));
  }, 0);
};

type Disturbance = { readonly name: string; disturb(node: Gateway, stand: NodesStand): Promise<void> };

const disturbances: readonly Disturbance[] = [
  {
    name: "is asked to end, and started again",
    disturb: async (node, stand) => {
      await node.terminate();
      await stand.restart([node]);
    },
  },
  {
    name: "is killed, and started again",
    disturb: async (node, stand) => {
      await stand.kill([node]);
      await stand.restart([node]);
    },
  },
];

/**
 * How many requests were sent in any second at most. On a busy machine requests that were sent in time come in a heap: at the
 * receiver there may be more.
 */
const mostSent = async ({ database, destinationIds }: NodesStand): Promise<number> =>
  mostInASecond(await attemptTimesIn(database, destinationIds[rated] ?? ""));

const keepLimits = async (
  stand: NodesStand,
  together: (path: string) => number,
  promises: Promises,
): Promise<number> => {
  for (const source of [single, ordered]) {
    const most = together(`/${source}`);
    promises.keep(`one request at a time stays so (destination ${source}); there were ${most}`, most === 1);
  }
  const sent = await mostSent(stand);
  promises.keep(
    `at most ${ratePerSecondMax} a second, and 5 % more, in any second; there were ${sent}`,
    sent <= ratePerSecondMax * overRate,
  );
  const passed = countOvertakenOf(stand);
  promises.keep(`the order holds; ${passed} were overtaken`, passed === 0);
  return sent;
};

/** Limits are those of the destination, however many nodes there are, and whoever comes and goes. */
export const nodesLimitsFault: Fault = {
  name: "nodes-limits",
  title: "one at a time, 50 a second, in order: events at three nodes, whose owners end, die and come back",
  run: async (context) => {
    const stand = await openNodes(context, {
      nodes: 3,
      sources: fields.length,
      destinationOf: (source) => fields[source] ?? {},
      startOf,
    });
    const together = watchTogether(stand);
    for (const node of stand.nodes) {
      stand.load(node, { connections: 4, ratePerSecond: 2 * ratePerSecond }, [single, rated]);
      stand.load(node, { connections: 1, ratePerSecond: orderedPerSecond }, [ordered]);
    }
    const promises = createPromises();
    await pause(quietMs[context.scale]);
    const quiet = await keepLimits(stand, together, promises);
    context.say(`without faults: ${quiet} in a second at most, ${promises.broken.length} promises broken`);
    const all = context.scale === "short" ? disturbances.slice(1) : disturbances;
    const sources = context.scale === "short" ? [ordered] : [single, rated, ordered];
    for (const source of sources) {
      for (const { name, disturb } of all) {
        stand.strike();
        await disturb(await stand.owner(source), stand);
        await stand.untilShared();
        await stand.untilMore(50);
        context.say(
          `the node that sends to destination ${source} ${name}: ${await mostSent(stand)} in a second at most`,
        );
      }
    }
    const account = await stand.settle();
    await keepNodes(promises, stand, account);
    const sent = await keepLimits(stand, together, promises);
    const received = mostInASecond(arrivalsOf(stand, rated).map(({ atMs }) => atMs));
    return {
      account,
      figures: [
        { name: "sent in a second, most", value: sent, unit: "" },
        { name: "received in a second, most", value: received, unit: "" },
      ],
      broken: [...new Set(promises.broken)],
    };
  },
};
