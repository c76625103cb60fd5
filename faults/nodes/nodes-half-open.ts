import { startPostgres } from "../../harness/postgres.ts";
import { pause } from "../../harness/time.ts";
import type { Fault, FaultContext, OwnFigure } from "../fault.ts";
import { createPromises, type Promises } from "../promises.ts";
import { takeOverMsMax } from "./nodes-kill.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { keepNodes, type NodesStand, openNodes } from "./stand.ts";

const rounds = { short: 1, long: 6 } as const;
const answers = { short: 4, long: 20 } as const;
const sources = 6;
const ratePerSecond = 50;
const before = 200;

/** Longer than a node is believed to be alive, and than its open transaction is; and shorter, so that it never was away. */
const silentMs = [22_000, 6_000] as const;
/** After it comes back: a node that was given up joins again, waits, and takes its share. */
const backMsMax = 20_000;
/** A commit's answer is waited for 10 s. */
const swallowedMsMax = 14_000;

const openBehindProxy = async (context: FaultContext): Promise<{ stand: NodesStand; proxy: Proxy }> => {
  const postgres = await startPostgres({ isDurable: true });
  context.onEnd(postgres.close);
  const { proxy, close } = await startProxy(postgres.port);
  context.onEnd(close);
  const direct = postgres.url();
  const databaseOf = (node: number): string => (node === 0 ? proxy.url(direct) : direct);
  const stand = await openNodes(context, { nodes: 3, sources, postgres, databaseOf });
  for (const node of stand.nodes) stand.load(node, { connections: 4, ratePerSecond });
  return { stand, proxy };
};

/** The others' loads are never refused: only the first node is cut off. */
const keepOthers = ({ loads }: NodesStand, promises: Promises): void => {
  const refused = loads.slice(1).flatMap((load) => load.refused).length;
  promises.keep(`nodes that reach the database take events all the while; ${refused} were refused`, refused === 0);
};

const silenceOnce = async (stand: NodesStand, proxy: Proxy, forMs: number): Promise<number> => {
  const [first, ...others] = stand.nodes;
  if (first === undefined) throw new Error("there is no node");
  await stand.untilMore(before);
  stand.strike();
  const fromMs = performance.now();
  proxy.silence();
  await pause(forMs);
  await stand.allowUnderWay(stand.nodes);
  // By now the others have all of it, or it never was away.
  if (forMs > takeOverMsMax) await stand.untilShared(others);
  proxy.resume();
  await pause(1_000);
  await stand.untilShared();
  await stand.untilMore(before);
  return stand.gapMs({ fromMs, untilMs: performance.now() });
};

/** The way to the database goes silent, and comes back with all that was sent meanwhile. */
export const nodesHalfOpenFault: Fault = {
  name: "nodes-half-open",
  title: "nothing passes between one of three nodes and the database for 6 or 22 s, and then all of it",
  run: async (context) => {
    const { stand, proxy } = await openBehindProxy(context);
    const promises = createPromises();
    const gapsMs: number[] = [];
    for (let round = 0; round < rounds[context.scale]; round += 1) {
      const forMs = silentMs[round % silentMs.length] ?? 0;
      const gapMs = await silenceOnce(stand, proxy, forMs);
      gapsMs.push(gapMs);
      context.say(`silent for ${forMs} ms: the longest that a destination waited was ${Math.round(gapMs)} ms`);
    }
    const account = await stand.settle();
    await keepNodes(promises, stand, account);
    keepOthers(stand, promises);
    const longestMs = Math.max(...gapsMs);
    promises.keep(`others send within ${takeOverMsMax} ms; it took ${longestMs}`, longestMs < takeOverMsMax);
    return {
      account,
      figures: [{ name: "take-over, longest", value: longestMs, unit: "ms" }],
      broken: promises.broken,
    };
  },
};

const swallowOnce = async (stand: NodesStand, proxy: Proxy, how: "ends" | "silent"): Promise<number> => {
  const [load] = stand.loads;
  if (load === undefined) throw new Error("there is no load");
  const fromMs = performance.now();
  const swallowedBefore = proxy.swallowed;
  proxy.swallowNext(how);
  while (proxy.swallowed === swallowedBefore) await pause(5);
  const swallowedAtMs = performance.now();
  const goesOn = (): boolean => load.acknowledged.some(({ sentMs }) => sentMs > swallowedAtMs);
  while (!goesOn() && performance.now() - swallowedAtMs < backMsMax) await pause(20);
  return performance.now() - fromMs;
};

/** What the database wrote, and could not say. */
export const nodesAnswersFault: Fault = {
  name: "nodes-answers",
  title: "answers to COMMIT that never come, with and without the end of the connection",
  run: async (context) => {
    const { stand, proxy } = await openBehindProxy(context);
    const promises = createPromises();
    await stand.untilMore(before);
    stand.strike();
    const tookMs: number[] = [];
    for (let round = 0; round < answers[context.scale]; round += 1) {
      const how = round % 4 === 3 ? "silent" : "ends";
      tookMs.push(await swallowOnce(stand, proxy, how));
      context.say(`an answer was swallowed (${how}): accepted again after ${Math.round(tookMs.at(-1) ?? 0)} ms`);
      await stand.untilMore(before);
    }
    const account = await stand.settle();
    await keepNodes(promises, stand, account);
    keepOthers(stand, promises);
    const [load] = stand.loads;
    const longestMs = Math.max(...tookMs);
    promises.keep(
      `events are accepted again within ${swallowedMsMax} ms; it took ${longestMs}`,
      longestMs < swallowedMsMax,
    );
    const figures: OwnFigure[] = [
      { name: "answers swallowed", value: proxy.swallowed, unit: "" },
      { name: "until accepted again, longest", value: longestMs, unit: "ms" },
      { name: "events refused at that node", value: load?.refused.length ?? 0, unit: "" },
    ];
    return { account, figures, broken: promises.broken };
  },
};
