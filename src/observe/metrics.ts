import { collectDefaultMetrics, Counter, Histogram, Registry } from "prom-client";

import { type GaugeSources, registerGauges } from "./gauges.ts";

/**
 * What one instrument is. Base units and `_total` go into the name. Labels come from closed sets only: an id as a label
 * would grow without end.
 */
export type Instrument<Label extends string> = { name: string; help: string; labels?: readonly Label[] };

/** Everything that is counted, for one running gateway. */
export type Metrics = {
  /** @throws {Error} when the name is taken. */
  counter<Label extends string = never>(instrument: Instrument<Label>): Counter<Label>;
  /** Counts seconds by default; `buckets` are upper bounds. @throws {Error} when the name is taken. */
  histogram<Label extends string = never>(
    instrument: Instrument<Label> & { buckets?: readonly number[] },
  ): Histogram<Label>;
  /** Tells where gauges read. Can be called more than once, as the parts of the gateway come up. */
  watch(sources: Partial<GaugeSources>): void;
  /** All of it in Prometheus' text format. */
  text(): Promise<string>;
  /** The `content-type` of that text. */
  readonly contentType: string;
};

/** From a commit in memory to the longest attempt. */
const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Metrics with a registry of their own.
 *
 * `process` adds Node's own (`process_*`, `nodejs_*`: memory, CPU, event loop lag, garbage collection) under the names that
 * common dashboards know. They measure the process and keep an observer for its life: once per process.
 */
export const createMetrics = (options: { process: boolean } = { process: false }): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const sources: Partial<GaugeSources> = {};
  registerGauges(registry, sources);
  if (options.process) collectDefaultMetrics({ register: registry });
  return {
    counter: ({ name, help, labels = [] }) => new Counter({ name, help, labelNames: [...labels], registers }),
    histogram: ({ name, help, labels = [], buckets = secondsBuckets }) =>
      new Histogram({ name, help, labelNames: [...labels], buckets: [...buckets], registers }),
    watch: (more) => {
      Object.assign(sources, more);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
};
