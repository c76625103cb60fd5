import { pause } from "../../harness/time.ts";
import type { FaultContext, FaultResult } from "../fault.ts";
import { createPromises } from "../promises.ts";
import { keepNodes, type NodesStand } from "./stand.ts";

/** What it is called each time, what its time is counted from, and how long it may take until all is well again. */
type Return = { readonly name: string; readonly what: string; readonly msMax: number };

/** How long it took each time that the database was gone. */
export type Returns = {
  /** Waits until all nodes take events again, and all that was taken until then, ever, is delivered. */
  await(fromMs: number, how: string): Promise<void>;
  /** Settles, and says what was kept. */
  report(): Promise<FaultResult>;
};

/** Watches a stand whose database goes and comes back. */
export const watchReturns = (
  stand: NodesStand,
  { say }: Pick<FaultContext, "say">,
  { name, what, msMax }: Return,
): Returns => {
  const allMs: number[] = [];
  const { loads, receiver } = stand;
  const isTaking = (fromMs: number): boolean =>
    loads.every(({ acknowledged }) => acknowledged.some(({ sentMs }) => sentMs > fromMs));
  const untilAll = async (fromMs: number, isSo: () => boolean): Promise<void> => {
    while (!isSo() && performance.now() - fromMs < msMax) await pause(10);
  };
  return {
    async await(fromMs, how) {
      await stand.allowUnderWay(stand.nodes);
      await untilAll(fromMs, () => isTaking(fromMs));
      const taken = stand.acknowledged();
      await untilAll(fromMs, () => taken.every(({ number }) => receiver.counts.has(number)));
      const tookMs = performance.now() - fromMs;
      allMs.push(tookMs);
      say(
        `${name} ${allMs.length} (${how}), ${stand.acknowledged().length} acknowledged, all nodes accept and deliver after ${Math.round(tookMs)} ms`,
      );
    },
    async report() {
      const account = await stand.settle();
      const promises = createPromises();
      await keepNodes(promises, stand, account);
      const longestMs = Math.max(...allMs);
      promises.keep(`all nodes accept and deliver within ${msMax} ms; it took ${longestMs}`, longestMs < msMax);
      return {
        account,
        figures: [
          { name: `${name}s`, value: allMs.length, unit: "" },
          { name: `${what} until accepted and delivered, longest`, value: longestMs, unit: "ms" },
        ],
        broken: promises.broken,
      };
    },
  };
};
