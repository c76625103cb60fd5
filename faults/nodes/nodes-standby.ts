import { type PostgresServer, runIn, startPostgres, startStandby } from "../../harness/postgres.ts";
import type { Fault, FaultContext } from "../fault.ts";
import { watchReturns } from "./back.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { openNodes } from "./stand.ts";

const rounds = { short: 1, long: 6 } as const;
const sources = 6;
const ratePerSecond = 60;
const before = 400;
/** An answer is waited for 10 s, by all connections at the same time. */
const backMsMax = 14_000;

type Servers = { primary: PostgresServer; standby: PostgresServer };

/**
 * The primary's machine is gone, and the standby takes its place. `ends`: its connections end. Otherwise nobody is told, as when
 * a machine loses its power: who waits for an answer waits.
 */
const failOver = async (servers: Servers, proxy: Proxy, ends: boolean): Promise<void> => {
  const { primary, standby } = servers;
  if (!ends) proxy.silence();
  await primary.stop("immediate");
  await runIn(standby.url(), "select pg_promote()");
  proxy.switchTo(standby.port, ends ? "end" : "stay");
};

const openServers = async (context: FaultContext): Promise<Servers> => {
  const primary = await startPostgres({ isDurable: true });
  context.onEnd(primary.close);
  const standby = await startStandby(primary);
  context.onEnd(standby.close);
  return { primary, standby };
};

/** The database's machine dies, and its standby, which every commit has waited for, takes its place. */
export const nodesStandbyFault: Fault = {
  name: "nodes-standby",
  title: "the primary is killed and its synchronous standby promoted, with and without the end of connections",
  run: async (context) => {
    const servers = await openServers(context);
    const { proxy, close } = await startProxy(servers.primary.port);
    context.onEnd(close);
    // Whoever leads, it is found there.
    const url = proxy.url(servers.primary.url());
    const stand = await openNodes(context, { nodes: 3, sources, postgres: { ...servers.primary, url: () => url } });
    for (const node of stand.nodes) stand.load(node, { connections: 8, ratePerSecond });
    const returns = watchReturns(stand, context, { name: "fail-over", what: "promoted", msMax: backMsMax });
    for (let round = 0; round < rounds[context.scale]; round += 1) {
      await stand.untilMore(before);
      stand.strike();
      const ends = round % 2 === 1;
      await failOver(servers, proxy, ends);
      await returns.await(performance.now(), ends ? "connections end" : "nobody is told");
      if (round + 1 < rounds[context.scale]) {
        servers.primary = servers.standby;
        servers.standby = await startStandby(servers.primary);
        context.onEnd(servers.standby.close);
      }
    }
    return returns.report();
  },
};
