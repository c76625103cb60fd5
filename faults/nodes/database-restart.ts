import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import { createPromises } from "../promises.ts";
import { keepNodes, openNodes } from "./stand.ts";

const restarts = { short: 2, long: 10 } as const;
const sources = 6;
const ratePerSecond = 100;
const before = { short: 200, long: 500 } as const;
const downMs = [200, 3_000] as const;
const backMsMax = 5_000;

/** The database goes and comes back, as at an upgrade and as at a crash. No node is given up, and nobody starts anything again. */
export const databaseRestartFault: Fault = {
  name: "database-restart",
  title: "PostgreSQL is restarted under load, fast and as by a crash, in turn",
  run: async (context) => {
    const stand = await openNodes(context, { nodes: 3, sources });
    for (const node of stand.nodes) stand.load(node, { ratePerSecond });
    const backsMs: number[] = [];
    for (let restart = 0; restart < restarts[context.scale]; restart += 1) {
      await stand.untilMore(before[context.scale] + ((restart * 37) % 101));
      stand.strike();
      const mode = restart % 2 === 0 ? "immediate" : "fast";
      await stand.postgres.stop(mode);
      await pause(downMs[restart % 4 < 2 ? 0 : 1]);
      await stand.postgres.start();
      const startedMs = performance.now();
      await stand.allowUnderWay(stand.nodes);
      const isBack = (): boolean => stand.receiver.arrivals.some(({ atMs }) => atMs > startedMs);
      const isTaken = (): boolean =>
        stand.loads.every(({ acknowledged }) => (acknowledged.at(-1)?.sentMs ?? 0) > startedMs);
      while (!(isBack() && isTaken()) && performance.now() - startedMs < backMsMax) await pause(10);
      backsMs.push(performance.now() - startedMs);
      context.say(
        `restart ${restart + 1} (${mode}), ${stand.acknowledged().length} acknowledged, all nodes accept and deliver after ${Math.round(backsMs.at(-1) ?? 0)} ms`,
      );
    }
    const account = await stand.settle();
    const promises = createPromises();
    await keepNodes(promises, stand, account);
    const longestMs = Math.max(...backsMs);
    promises.keep(`all nodes accept and deliver within ${backMsMax} ms; it took ${longestMs}`, longestMs < backMsMax);
    return {
      account,
      figures: [
        { name: "restarts", value: restarts[context.scale], unit: "" },
        { name: "server until accepted and delivered, longest", value: longestMs, unit: "ms" },
      ],
      broken: promises.broken,
    };
  },
};
