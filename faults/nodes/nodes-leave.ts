import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openNodes } from "./stand.ts";

const before = { short: 200, long: 2_000 } as const;
const after = 200;
const gapMsMax = 2_000;

/** A node that is asked to end, as in a rolling upgrade: it hands over what it has, and nothing is sent twice. */
export const nodesLeaveFault: Fault = {
  name: "nodes-leave",
  title: "SIGTERM of the node that sends, with another one beside it",
  run: async (context) => {
    const stand = await openNodes(context, { nodes: 2 });
    const owner = await stand.owner();
    const load = stand.load(await stand.other(), { ratePerSecond: 100 });
    await load.until(before[context.scale]);
    stand.strike();
    const { code, tookMs } = await owner.terminate();
    await load.until(load.acknowledged.length + after);
    const account = await stand.settle();
    const promises = createPromises();
    keepAccount(promises, account);
    promises.keep(
      `the others go on within ${gapMsMax} ms; it took ${account.longestGapMs}`,
      account.longestGapMs < gapMsMax,
    );
    promises.keep(`it ends as it should; its code was ${code}`, code === 0);
    promises.keep("events are taken all the while", load.refused.length === 0);
    return { account, figures: [{ name: "until it has ended", value: tookMs, unit: "ms" }], broken: promises.broken };
  },
};
