import { makeKey } from "../../harness/make-key.ts";
import { runIn } from "../../harness/postgres.ts";
import { pause } from "../../harness/time.ts";
import { type BenchSource, createClient } from "../gateway/client.ts";
import { type GatewayProcess, startGateway } from "../gateway/process.ts";
import type { StorePlace } from "../gateway/stores.ts";
import { atLeast, type Figure, medianFigure } from "../report/figure.ts";
import type { Bench } from "./bench.ts";
import { measureDelivered, type Throughput } from "./closed-loop.ts";
import { concurrency } from "./setting.ts";
import { lineOf, throughputFigures } from "./throughput-figures.ts";

/** Each with a destination of its own: enough that every gateway owns some. */
const sourcesCount = 16;

const least = 80;
const lookMs = 100;
const lookMsMax = 60_000;

const sharesSql = "select count(*) as buckets from buckets where owner is not null group by owner";

/** Waits until each of the gateways sends for the same number of destinations, or nearly so. */
const untilShared = async ({ environment }: StorePlace, gateways: number): Promise<void> => {
  const deadlineMs = performance.now() + lookMsMax;
  for (;;) {
    const shares = (await runIn(environment["DATABASE_URL"] ?? "", sharesSql)).map(({ buckets }) => Number(buckets));
    if (shares.length === gateways && Math.max(...shares) - Math.min(...shares) <= 1) return;
    if (performance.now() > deadlineMs) throw new Error(`the work is not shared within ${lookMsMax} ms`);
    await pause(lookMs);
  }
};

const makeSources = async (bench: Bench, place: StorePlace, url: string): Promise<readonly BenchSource[]> => {
  const client = createClient(url, await makeKey(bench.children, place.directory, place.environment));
  const sources: BenchSource[] = [];
  for (let number = 1; number <= sourcesCount; number += 1) {
    const source = await client.makeSource(`bench ${number}`);
    await client.makeDestination(source, { url: `${bench.sink.url}/`, concurrency });
    sources.push(source);
  }
  return sources;
};

const measureWith = async (bench: Bench, count: number): Promise<Throughput> => {
  const place = await bench.stores.next(bench.newDirectory("l"));
  const gateways: GatewayProcess[] = [];
  try {
    for (let number = 0; number < count; number += 1) {
      const own = number === 0 ? place : { ...place, directory: bench.newDirectory("l") };
      gateways.push(await startGateway(bench.children, { place: own, profileDirectory: bench.profileDirectory("l") }));
    }
    const sources = await makeSources(bench, place, gateways[0]?.url ?? "");
    await untilShared(place, count);
    const targets = sources.flatMap(({ path }) => gateways.map(({ port }) => ({ port, path })));
    return await measureDelivered(bench, { gateways, targets });
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  }
};

/** k: c with sixteen sources, by one gateway and by two on the same processors, which share one database. */
export const measureNodes = async (bench: Bench): Promise<readonly Figure[]> => {
  const rounds: { readonly one: Throughput; readonly two: Throughput }[] = [];
  for (let round = 1; round <= bench.options.rounds; round += 1) {
    const one = await measureWith(bench, 1);
    bench.say(`round ${round}, l, one gateway: ${lineOf(one)}`);
    const two = await measureWith(bench, 2);
    bench.say(`round ${round}, l, two gateways: ${lineOf(two)}`);
    rounds.push({ one, two });
  }
  return [
    medianFigure(
      { part: "l", name: "two gateways on the processors of one, of one", unit: "%", bar: atLeast(least) },
      rounds.map(({ one, two }) => (two.perSecond / one.perSecond) * 100),
    ),
    ...throughputFigures(
      "l",
      "one gateway, 16 destinations",
      rounds.map(({ one }) => one),
    ),
    ...throughputFigures(
      "l",
      "two gateways, 16 destinations",
      rounds.map(({ two }) => two),
    ),
  ];
};
