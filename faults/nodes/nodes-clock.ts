import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import { movableClock, setClock } from "../process/clock.ts";
import { createPromises, type Promises } from "../promises.ts";
import type { Arrival } from "../receiver.ts";
import { countOvertaken } from "./order.ts";
import { keepNodes, type NodesStand, openNodes } from "./stand.ts";

const minuteMs = 60_000;
const offMs = 5 * minuteMs;

/** Of the second node, one after the other. The third is five minutes behind from its start, the first is right. */
const jumps = {
  short: [offMs, 0],
  long: [offMs, 0, -offMs, 0, 24 * 60 * minuteMs, 0],
} as const;

/** More than one heartbeat. */
const stayMs = 6_000;
const [plain, retried, ordered] = [0, 1, 2] as const;
const ratePerSecond = 30;
const orderedPerSecond = 10;
const retrySeconds = 2;
/** A tenth more by chance, and how late anything may be. */
const retryMsMax = retrySeconds * 1_100;
const lateMsMax = 2_000;

const fields = [{}, { retry_schedule: [retrySeconds, retrySeconds] }, { ordered: true }] as const;

const startOf = (node: number): typeof movableClock & { readonly environment: Readonly<Record<string, string>> } => ({
  ...movableClock,
  environment: { FAULT_CLOCK_OFFSET_MS: String(node === 2 ? -offMs : 0) },
});

const arrivalsOf = ({ receiver }: NodesStand, source: number): readonly Arrival[] =>
  receiver.arrivals.filter(({ path }) => path === `/${source}`);

/** What fails the first time comes again when it is due, whoever took it, and whoever sends it. */
const keepRetries = (stand: NodesStand, promises: Promises): number => {
  const firsts = new Map<number, number>();
  let longestMs = 0;
  for (const { number, atMs } of arrivalsOf(stand, retried)) {
    const firstMs = firsts.get(number);
    if (firstMs === undefined) firsts.set(number, atMs);
    else longestMs = Math.max(longestMs, atMs - firstMs);
  }
  promises.keep(
    `a retry is at most ${lateMsMax} ms late; a wait of ${retrySeconds} s was ${Math.round(longestMs)} ms`,
    longestMs < retryMsMax + lateMsMax,
  );
  return longestMs;
};

const isTimely = ({ headers, atMs }: Arrival): boolean =>
  Math.abs(Number(headers["webhook-timestamp"]) * 1000 - (performance.timeOrigin + atMs)) < lateMsMax;

/** All nodes go by the database's clock, which is right here. */
const keepTimes = (stand: NodesStand, promises: Promises): void => {
  const wrong = stand.receiver.arrivals.filter((arrival) => !isTimely(arrival)).length;
  promises.keep(`a signature's time is that of the database; ${wrong} were not`, wrong === 0);
};

/** What was posted to one node one after the other, and arrived in that order. */
const keepOrder = (stand: NodesStand, promises: Promises): void => {
  const arrived = arrivalsOf(stand, ordered);
  const overtaken = stand.loads.reduce((sum, { acknowledged }) => {
    const own = new Set(acknowledged.map(({ number }) => number));
    return sum + countOvertaken(arrived.filter(({ number }) => own.has(number)));
  }, 0);
  promises.keep(`the order holds; ${overtaken} were overtaken`, overtaken === 0);
};

/** Nodes whose clocks are wrong, and are set while they run. */
export const nodesClockFault: Fault = {
  name: "nodes-clock",
  title: "one node's clock is five minutes behind, another's is set five minutes and a day ahead and back",
  run: async (context) => {
    const destinationOf = (source: number) => fields[source] ?? {};
    const stand = await openNodes(context, { nodes: 3, sources: fields.length, destinationOf, startOf });
    const { nodes, receiver } = stand;
    receiver.answerWith(({ path, number }) =>
      path === `/${retried}` && receiver.counts.get(number) === 1 ? 500 : 200,
    );
    for (const node of nodes) {
      stand.load(node, { connections: 2, ratePerSecond }, [plain]);
      stand.load(node, { connections: 1, ratePerSecond: orderedPerSecond }, [retried]);
      stand.load(node, { connections: 1, ratePerSecond: orderedPerSecond }, [ordered]);
    }
    await stand.untilMore(200);
    const owners = await Promise.all(fields.map((_, source) => stand.owner(source)));
    stand.strike();
    for (const offsetMs of jumps[context.scale]) {
      const [, moved] = nodes;
      if (moved !== undefined) await setClock(moved, { offsetMs });
      await pause(stayMs);
      context.say(`${offsetMs / 1000} s off: ${stand.acknowledged().length} acknowledged`);
    }
    const ownersAfter = await Promise.all(fields.map((_, source) => stand.owner(source)));
    const settled = await stand.settle();
    const again = arrivalsOf(stand, retried).length / 2;
    // Each of them is to be sent twice.
    const account = { ...settled, duplicatesMax: settled.duplicatesMax + again };
    const promises = createPromises();
    await keepNodes(promises, stand, account);
    const longestMs = keepRetries(stand, promises);
    keepTimes(stand, promises);
    keepOrder(stand, promises);
    const { longestGapMs } = account;
    promises.keep(`nothing waits for a clock; a destination waited ${longestGapMs} ms`, longestGapMs < 2 * lateMsMax);
    promises.keep(
      "no node is given up for its clock",
      owners.every((owner, source) => owner === ownersAfter[source]),
    );
    return {
      account,
      figures: [
        { name: "jumps", value: jumps[context.scale].length, unit: "" },
        { name: `a retry after ${retrySeconds} s, longest`, value: longestMs, unit: "ms" },
      ],
      broken: promises.broken,
    };
  },
};
