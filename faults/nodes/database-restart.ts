import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import { watchReturns } from "./back.ts";
import { openNodes } from "./stand.ts";

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
    const returns = watchReturns(stand, context, { name: "restart", what: "server", msMax: backMsMax });
    for (let restart = 0; restart < restarts[context.scale]; restart += 1) {
      await stand.untilMore(before[context.scale] + ((restart * 37) % 101));
      stand.strike();
      const mode = restart % 2 === 0 ? "immediate" : "fast";
      await stand.postgres.stop(mode);
      await pause(downMs[restart % 4 < 2 ? 0 : 1]);
      await stand.postgres.start();
      await returns.await(performance.now(), mode);
    }
    return returns.report();
  },
};
