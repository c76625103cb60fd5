import { statSync } from "node:fs";
import { join } from "node:path";

import { pause } from "../../harness/time.ts";
import { readFigures } from "../gateway/metrics.ts";
import type { GatewayProcess } from "../gateway/process.ts";
import { atLeast, below, type Figure, figure } from "../report/figure.ts";
import type { Bench } from "./bench.ts";
import { newSetting } from "./setting.ts";

const lookMs = 250;
const warmSeconds = 3;
const mebibyte = 1024 * 1024;

/** Twice what the writer waits at: one commit may be under way. */
const walBytesMax = 2 * 32 * mebibyte;

/** The seconds at the start and at the end that are compared. */
const comparedSeconds = 10;

type Look = { readonly atMs: number; readonly delivered: number; readonly walBytes: number };
type Watch = { readonly looks: readonly Look[]; readonly walFileBytes: number };

/** Of a file that may not be there. */
const bytesOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? Number.NaN;

/** Looks at a gateway until `isOver`. */
const watch = async (gateway: GatewayProcess, isOver: () => boolean): Promise<Watch> => {
  const looks: Look[] = [];
  while (!isOver()) {
    const { delivered, walBytes } = await readFigures([gateway.url]);
    looks.push({ atMs: performance.now(), delivered, walBytes });
    await pause(lookMs);
  }
  // The file keeps its greatest length: frames are written over from its front.
  return { looks, walFileBytes: bytesOf(join(gateway.directory, "postern.db-wal")) };
};

/** Deliveries a second between the first and the last of some looks. */
const rateOf = (looks: readonly Look[]): number => {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || first === last) return 0;
  return ((last.delivered - first.delivered) / (last.atMs - first.atMs)) * 1000;
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const figuresOf = (
  perSecond: readonly number[],
  { looks, walFileBytes }: Watch,
  logBytesPerEvent: number,
): readonly Figure[] => {
  const firstMs = looks[0]?.atMs ?? 0;
  const lastMs = looks.at(-1)?.atMs ?? 0;
  const early = looks.filter(({ atMs }) => atMs <= firstMs + comparedSeconds * 1000);
  const late = looks.filter(({ atMs }) => atMs >= lastMs - comparedSeconds * 1000);
  const accepted = [mean(perSecond.slice(0, comparedSeconds)), mean(perSecond.slice(-comparedSeconds))] as const;
  const walBytes = Math.max(0, ...looks.map((look) => look.walBytes));
  const name = `${perSecond.length} s of full load`;
  return [
    figure(
      { part: "g", name: `${name}: accepted, last ten seconds of first ten`, unit: "%", bar: atLeast(90) },
      (accepted[1] / accepted[0]) * 100,
    ),
    figure(
      { part: "g", name: `${name}: delivered, last ten seconds of first ten`, unit: "%", bar: atLeast(90) },
      (rateOf(late) / rateOf(early)) * 100,
    ),
    figure({ part: "g", name: `${name}: accepted`, unit: "/s" }, mean(perSecond)),
    figure({ part: "g", name: `${name}: delivered and recorded`, unit: "/s" }, rateOf(looks)),
    // What an engine does not have is not told.
    figure(
      { part: "g", name: `${name}: log of the database per event`, unit: "KiB" },
      logBytesPerEvent / 1024 || Number.NaN,
    ),
    figure({ part: "g", name: `${name}: log in use, longest`, unit: "MiB" }, walBytes / mebibyte || Number.NaN),
    figure(
      { part: "g", name: `${name}: log, file`, unit: "MiB", bar: below(walBytesMax / mebibyte) },
      walFileBytes / mebibyte,
    ),
  ];
};

/** g: as fast as it answers, for a minute. */
export const measureEndurance = async (bench: Bench): Promise<readonly Figure[]> => {
  const { load, options, stores } = bench;
  const { gateway, source } = await newSetting(bench, "g", { delivers: true });
  try {
    const targets = [{ port: gateway.port, path: source.path }];
    const job = { targets, connections: options.connections, ratePerSecond: null };
    await load.run({ ...job, seconds: warmSeconds });
    const logBytesBefore = await stores.logBytes();
    let isOver = false;
    const watched = watch(gateway, () => isOver);
    const result = await load.run({ ...job, seconds: options.fullSeconds }).finally(() => {
      isOver = true;
    });
    const logBytes = (await stores.logBytes()) - logBytesBefore;
    const figures = figuresOf(result.perSecond, await watched, logBytes / result.accepted);
    await bench.sink.report();
    const refused = Object.values(result.refused).reduce((sum, count) => sum + count, 0);
    bench.say(`g: accepted ${result.accepted}, refused ${refused}`);
    return figures;
  } finally {
    await gateway.stop();
  }
};
