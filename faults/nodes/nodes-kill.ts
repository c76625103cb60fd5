import type { Fault } from "../fault.ts";
import type { Gateway } from "../gateway.ts";
import { createPromises } from "../promises.ts";
import { keepNodes, openNodes } from "./stand.ts";

const kills = { short: 1, long: 20 } as const;
const nodesCount = 3;
const sources = 9;
/** At each node. */
const ratePerSecond = 60;
const before = { short: 200, long: 300 } as const;
/** Every so many, two nodes die at once. */
const bothEvery = 5;

/** How long the others may take to send what a dead node had to send. */
export const takeOverMsMax = 20_000;

/** The node whose turn it is; now and then the one after it, too. */
const victims = (nodes: readonly Gateway[], kill: number): readonly Gateway[] =>
  nodes.filter((_, node) => {
    const turn = kill % nodes.length;
    return node === turn || (kill % bothEvery === bothEvery - 1 && node === (turn + 1) % nodes.length);
  });

/** Nodes that die without a word: the others take over, and share with what is started in their place. */
export const nodesKillFault: Fault = {
  name: "nodes-kill",
  title: "kill -9 of one of three nodes, now and then of two, under load, started again each time",
  run: async (context) => {
    const stand = await openNodes(context, { nodes: nodesCount, sources });
    for (const node of stand.nodes) stand.load(node, { connections: 4, ratePerSecond });
    const takeOversMs: number[] = [];
    for (let kill = 0; kill < kills[context.scale]; kill += 1) {
      await stand.untilMore(before[context.scale]);
      const killed = victims(stand.nodes, kill);
      const fromMs = performance.now();
      await stand.kill(killed);
      await stand.restart(killed);
      await stand.untilShared();
      await stand.untilMore(before[context.scale]);
      takeOversMs.push(stand.gapMs({ fromMs, untilMs: performance.now() }));
      context.say(
        `kill ${kill + 1}, of ${killed.length}, ${stand.acknowledged().length} acknowledged, the longest that a destination waited was ${Math.round(takeOversMs.at(-1) ?? 0)} ms`,
      );
    }
    const account = await stand.settle();
    const promises = createPromises();
    await keepNodes(promises, stand, account);
    const longestMs = Math.max(...takeOversMs);
    promises.keep(`others send within ${takeOverMsMax} ms; it took ${longestMs}`, longestMs < takeOverMsMax);
    const refused = stand.loads.flatMap((load) => load.refused).filter(({ status }) => status !== 0);
    promises.keep(`nodes that run take events all the while; ${refused.length} were refused`, refused.length === 0);
    return {
      account,
      figures: [
        { name: "kills", value: kills[context.scale], unit: "" },
        { name: "take-over, longest", value: longestMs, unit: "ms" },
      ],
      broken: promises.broken,
    };
  },
};
