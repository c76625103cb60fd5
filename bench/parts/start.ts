import { startGateway } from "../gateway/process.ts";
import type { StorePlace } from "../gateway/stores.ts";
import { below, type Figure, medianFigure } from "../report/figure.ts";
import type { Bench } from "./bench.ts";
import type { FullStore } from "./full-store.ts";

const readyMsMax = 1_000;

const timesMs = async (bench: Bench, place: StorePlace): Promise<readonly number[]> => {
  const times: number[] = [];
  for (let round = 0; round < bench.options.rounds; round += 1) {
    const gateway = await startGateway(bench.children, { place, profileDirectory: bench.profileDirectory("i") });
    times.push(gateway.readyMs);
    await gateway.stop();
  }
  return times;
};

/** i: from the start of the process to the first 200 of `/readyz`, with an empty store and with a full one. */
export const measureStart = async (bench: Bench, full: FullStore): Promise<readonly Figure[]> => {
  const of = { part: "i", unit: "ms", bar: below(readyMsMax) } as const;
  const empty = await bench.stores.next(bench.newDirectory("i"));
  return [
    medianFigure({ ...of, name: "start to ready, store empty" }, await timesMs(bench, empty)),
    medianFigure({ ...of, name: "start to ready, store full" }, await timesMs(bench, full.place)),
  ];
};
