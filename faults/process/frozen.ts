import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openStand } from "../stand.ts";
import { lookAtStore } from "../store.ts";

const frozenMs = { short: 1_000, long: 10_000 } as const;
const before = 300;
const goesOnMsMax = 2_000;

/** A process that does not run for a while, as on a machine that is paused or swaps. */
export const frozenFault: Fault = {
  name: "frozen",
  title: "SIGSTOP under load, and SIGCONT ten seconds later",
  run: async (context) => {
    const stand = await openStand(context);
    const { gateway, load, receiver } = stand;
    await load.until(before);
    stand.strike();
    gateway.freeze();
    await pause(frozenMs[context.scale]);
    // Their answers may have come too late for it.
    const { liveNumbers } = lookAtStore(gateway.directory);
    stand.allowDuplicates([...liveNumbers].filter((number) => receiver.counts.has(number)).length);
    gateway.thaw();
    const thawedMs = performance.now();
    await load.until(load.acknowledged.length + before);
    const acceptedMs = (load.acknowledged.find(({ ackedMs }) => ackedMs > thawedMs)?.ackedMs ?? Infinity) - thawedMs;
    const deliveredMs = (receiver.arrivals.find(({ atMs }) => atMs > thawedMs)?.atMs ?? Infinity) - thawedMs;
    const account = await stand.settle();
    const promises = createPromises();
    keepAccount(promises, account);
    promises.keep(
      `it accepts and delivers again within ${goesOnMsMax} ms of going on`,
      Math.max(acceptedMs, deliveredMs) < goesOnMsMax,
    );
    return {
      account,
      figures: [
        { name: "frozen for", value: frozenMs[context.scale] / 1000, unit: "s" },
        { name: "going on until accepted", value: acceptedMs, unit: "ms" },
        { name: "going on until delivered", value: deliveredMs, unit: "ms" },
        { name: "requests without an answer", value: load.refused.length, unit: "" },
      ],
      broken: promises.broken,
    };
  },
};
