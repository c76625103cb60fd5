import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openNodes } from "./stand.ts";

const before = { short: 200, long: 2_000 } as const;
const concurrency = 8;

/** How long others may take to send what a dead node had to send. */
export const takeOverMsMax = 20_000;

/** A node that dies without a word: the others take over. */
export const nodeKilledFault: Fault = {
  name: "node-killed",
  title: "kill -9 of the node that sends, with another one beside it",
  run: async (context) => {
    const stand = await openNodes(context, { nodes: 2, destination: { max_concurrency: concurrency } });
    const owner = await stand.owner();
    const load = stand.load(await stand.other(), { ratePerSecond: 100 });
    await load.until(before[context.scale]);
    const killedMs = performance.now();
    await owner.kill();
    const lastMs = (): number => stand.receiver.arrivals.at(-1)?.atMs ?? 0;
    await stand.receiver.untilAlone();
    const duplicatesMax = await stand.strike();
    const quietMs = lastMs();
    while (lastMs() <= quietMs && performance.now() - killedMs < takeOverMsMax + 5_000) await pause(20);
    const takeOverMs = (stand.receiver.arrivals.find(({ atMs }) => atMs > quietMs)?.atMs ?? Infinity) - killedMs;
    const account = { ...(await stand.settle()), duplicatesMax };
    const promises = createPromises();
    keepAccount(promises, account);
    promises.keep(`the others send within ${takeOverMsMax} ms; it took ${takeOverMs}`, takeOverMs < takeOverMsMax);
    promises.keep("events are taken all the while", load.refused.length === 0);
    return {
      account,
      figures: [{ name: "until another node sends", value: takeOverMs, unit: "ms" }],
      broken: promises.broken,
    };
  },
};
