import { makeKey } from "../../harness/make-key.ts";
import { pause } from "../../harness/time.ts";
import { type BenchSource, createClient } from "../gateway/client.ts";
import { readFigures } from "../gateway/metrics.ts";
import { type GatewayProcess, startGateway } from "../gateway/process.ts";
import type { StorePlace } from "../gateway/stores.ts";
import { atLeast, type Figure, figure } from "../report/figure.ts";
import type { FilledSource } from "../store/fill.ts";
import type { Bench } from "./bench.ts";
import { concurrency } from "./setting.ts";

const ratePerSecond = 2_000;

/** The first run begins ten seconds after the start, and each tells what it removed when it ends, within twenty. */
const seconds = 65;
const lookMs = 250;

const dayMs = 24 * 3_600_000;

/** Sources keep their events for thirty days. */
const expired = { spanMs: dayMs, endedMsAgo: 35 * dayMs } as const;

/** A minute's events that stay: after a time without any, the clock would not be believed for an hour. */
const recent = { events: 100, spanMs: 60_000 } as const;

const only = ({ id }: BenchSource): readonly FilledSource[] => [{ id, weight: 1, isBacklog: false }];

/** A source to send to, and a store in which another one's events have been kept for long enough. */
const makeExpired = async (bench: Bench, place: StorePlace): Promise<BenchSource> => {
  const gateway = await startGateway(bench.children, { place, profileDirectory: null });
  const client = createClient(gateway.url, await makeKey(bench.children, place.directory, place.environment));
  const make = async (name: string): Promise<BenchSource> => {
    const source = await client.makeSource(name);
    await client.makeDestination(source, { url: `${bench.sink.url}/`, concurrency });
    return source;
  };
  const [old, live] = [await make("old"), await make("live")];
  await gateway.stop();
  await bench.stores.seed(place, { ...expired, events: bench.options.expiredEvents, sources: only(old) });
  await bench.stores.seed(place, { ...recent, sources: only(live) });
  return live;
};

type Look = { readonly atMs: number; readonly removed: number };

/** What was removed by the end of each run. */
const watch = async (gateway: GatewayProcess, isOver: () => boolean): Promise<readonly Look[]> => {
  const looks: Look[] = [];
  while (!isOver()) {
    const { removed } = await readFigures([gateway.url]);
    if (removed !== (looks.at(-1)?.removed ?? 0)) looks.push({ atMs: performance.now(), removed });
    await pause(lookMs);
  }
  return looks;
};

/** Between the ends of the first run and the last. */
const rateOf = (looks: readonly Look[]): number => {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || first === last) return 0;
  return ((last.removed - first.removed) / (last.atMs - first.atMs)) * 1000;
};

/** l: what has been kept for long enough is removed while as many events come in. */
export const measureRetention = async (bench: Bench): Promise<readonly Figure[]> => {
  const { load, options, sink } = bench;
  const place = await bench.stores.next(bench.newDirectory("k"));
  const live = await makeExpired(bench, place);
  const gateway = await startGateway(bench.children, { place, profileDirectory: bench.profileDirectory("k") });
  try {
    const targets = [{ port: gateway.port, path: live.path }];
    let isOver = false;
    const watched = watch(gateway, () => isOver);
    await sink.report();
    const ingest = await load
      .run({ targets, connections: options.connections, seconds, ratePerSecond })
      .finally(() => (isOver = true));
    const looks = await watched;
    const delivered = await sink.report();
    bench.say(
      `l: removed ${looks.at(-1)?.removed ?? 0} of ${options.expiredEvents} events, accepted ${ingest.accepted}`,
    );
    const beside = "2,000/s beside it";
    return [
      figure({ part: "k", name: "retention: events removed", unit: "/s", bar: atLeast(ratePerSecond) }, rateOf(looks)),
      figure({ part: "k", name: `${beside}: accepted, p99`, unit: "ms" }, ingest.p99Ms),
      figure({ part: "k", name: `${beside}: delivered, p99`, unit: "ms" }, delivered.p99Ms),
    ];
  } finally {
    await gateway.stop();
  }
};
