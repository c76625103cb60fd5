import { makeKey } from "../../harness/make-key.ts";
import { pause } from "../../harness/time.ts";
import { createClient, type BenchSource } from "../gateway/client.ts";
import { type GatewayProcess, startGateway } from "../gateway/process.ts";
import type { StorePlace } from "../gateway/stores.ts";
import { usageOf } from "../process/usage.ts";
import { below, type Figure, figure } from "../report/figure.ts";
import { deadPath } from "../sink/receiver.ts";
import type { Bench } from "./bench.ts";
import { concurrency } from "./setting.ts";

const ratePerSecond = 500;
const deadConcurrency = 16;

/** Nobody listens there, without root's consent. */
const refusingUrl = "http://127.0.0.1:1/";

/** A minute's events. */
const spanMs = 60_000;
const settleMs = 1_000;

/** A healthy source, and a store in which the other one's two destinations are far behind. */
const makeBacklog = async (bench: Bench, place: StorePlace): Promise<BenchSource> => {
  const gateway = await startGateway(bench.children, { place, profileDirectory: null });
  const client = createClient(gateway.url, await makeKey(bench.children, place.directory, place.environment));
  const healthy = await client.makeSource("healthy");
  await client.makeDestination(healthy, { url: `${bench.sink.url}/`, concurrency });
  const dead = await client.makeSource("dead");
  await client.makeDestination(dead, { url: `${bench.sink.url}${deadPath}`, concurrency: deadConcurrency });
  await client.makeDestination(dead, { url: refusingUrl, concurrency: deadConcurrency });
  await gateway.stop();
  const sources = [{ id: dead.id, weight: 1, isBacklog: true }];
  // Each event waits for both.
  await bench.stores.seed(place, { events: bench.options.backlogDeliveries / 2, sources, spanMs });
  return healthy;
};

const measureBeside = async (
  bench: Bench,
  gateway: GatewayProcess,
  healthy: BenchSource,
): Promise<readonly Figure[]> => {
  const { load, options, sink } = bench;
  const targets = [{ port: gateway.port, path: healthy.path }];
  const job = { targets, connections: options.connections, ratePerSecond };
  await load.run({ ...job, seconds: 2 });
  await sink.report();
  const ingest = await load.run({ ...job, seconds: options.openSeconds });
  await pause(settleMs);
  const delivered = await sink.report();
  const memory = usageOf(gateway.pid);
  const name = `${options.backlogDeliveries.toLocaleString("en-US")} deliveries to dead destinations`;
  bench.say(`f: delivered ${delivered.received} of ${ingest.accepted} beside the backlog`);
  return [
    figure({ part: "f", name: `${name}: memory`, unit: "MB", bar: below(350) }, (memory?.residentBytes ?? 0) / 1e6),
    figure({ part: "f", name: `${name}: memory but pages of files`, unit: "MB" }, (memory?.anonymousBytes ?? 0) / 1e6),
    figure({ part: "f", name: `${name}: memory, peak`, unit: "MB" }, (memory?.peakBytes ?? 0) / 1e6),
    figure({ part: "f", name: "a healthy one beside them, 500/s: accepted, p99", unit: "ms" }, ingest.p99Ms),
    figure({ part: "f", name: "a healthy one beside them, 500/s: delivered, p50", unit: "ms" }, delivered.p50Ms),
    figure({ part: "f", name: "a healthy one beside them, 500/s: delivered, p99", unit: "ms" }, delivered.p99Ms),
  ];
};

/** f: one destination refuses connections, one takes them and never answers; half of the backlog is for each. */
export const measureBacklog = async (bench: Bench): Promise<readonly Figure[]> => {
  const place = await bench.stores.next(bench.newDirectory("f"));
  const healthy = await makeBacklog(bench, place);
  const gateway = await startGateway(bench.children, { place, profileDirectory: bench.profileDirectory("f") });
  try {
    return await measureBeside(bench, gateway, healthy);
  } finally {
    await gateway.stop();
  }
};
