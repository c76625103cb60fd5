import { makeKey } from "../../harness/make-key.ts";
import { type BenchSource, createClient } from "../gateway/client.ts";
import { startGateway } from "../gateway/process.ts";
import type { StorePlace } from "../gateway/stores.ts";
import type { Bench } from "./bench.ts";
import { concurrency } from "./setting.ts";

/** A store with many events, and the source that most of them are of. */
export type FullStore = {
  readonly place: StorePlace;
  readonly key: string;
  readonly source: BenchSource;
};

/** Eight of ten events are of the first source. */
const weights = [8, 1, 1] as const;

/** Less than any retention: nothing is removed while it is measured. */
const spanMs = 5 * 24 * 3_600_000;

/** Makes sources and destinations through a gateway, and their events without one. */
export const makeFullStore = async (bench: Bench): Promise<FullStore> => {
  const { children, options, sink } = bench;
  const place = await bench.stores.next(bench.newDirectory("full"));
  const gateway = await startGateway(children, { place, profileDirectory: null });
  const key = await makeKey(children, place.directory, place.environment);
  const client = createClient(gateway.url, key);
  const made: BenchSource[] = [];
  for (const weight of weights) {
    const source = await client.makeSource(`bench, ${weight} of 10`);
    await client.makeDestination(source, { url: `${sink.url}/`, concurrency });
    made.push(source);
  }
  await gateway.stop();
  const startedMs = performance.now();
  const sources = made.map(({ id }, index) => ({ id, weight: weights[index] ?? 1, isBacklog: false }));
  await bench.stores.seed(place, { events: options.storedEvents, sources, spanMs });
  bench.say(`${options.storedEvents} events stored in ${Math.round((performance.now() - startedMs) / 1000)} s`);
  const [source] = made;
  if (source === undefined) throw new Error("no source was made");
  return { place, key, source };
};
