import { nowUs } from "../../harness/time.ts";
import { readFigures, untilDelivered } from "../gateway/metrics.ts";
import type { LoadJob, LoadResult } from "../load/job.ts";
import type { Bench } from "./bench.ts";
import { type Cost, costBetween, spentBy } from "./cost.ts";

/** How fast, and at what cost. */
export type Throughput = Cost & { readonly perSecond: number };

/** Seconds of load before anything is counted: the compiler has then seen the hot path. */
const warmSecondsMax = 4;

/** A backlog of one measurement is gone in less. */
const drainMsMax = 120_000;

const expectAccepted = ({ refused }: LoadResult, what: string): void => {
  const statuses = Object.entries(refused).map(([status, count]) => `${count} × ${status}`);
  if (statuses.length > 0) throw new Error(`${what}: not every request was accepted: ${statuses.join(", ")}`);
};

const jobOf = ({ options }: Bench, target: { port: number; path: string }): LoadJob => ({
  ...target,
  connections: options.connections,
  seconds: options.seconds,
  ratePerSecond: null,
});

const warmJobOf = (job: LoadJob): LoadJob => ({ ...job, seconds: Math.min(job.seconds, warmSecondsMax) });

/** What a server accepts when it is asked as fast as it answers. */
export const measureAccepted = async (
  bench: Bench,
  target: { pid: number; port: number; path: string },
): Promise<Throughput> => {
  const { pid, ...address } = target;
  const job = jobOf(bench, address);
  expectAccepted(await bench.load.run(warmJobOf(job)), address.path);
  const before = spentBy(bench, pid);
  const result = await bench.load.run(job);
  expectAccepted(result, address.path);
  return {
    perSecond: result.acceptedInTime / job.seconds,
    ...costBetween(before, spentBy(bench, pid), result.accepted),
  };
};

/** What a gateway accepts, delivers and records, until the last delivery of what it accepted is recorded. */
export const measureDelivered = async (
  bench: Bench,
  target: { pid: number; port: number; path: string; url: string },
): Promise<Throughput> => {
  const { pid, url, ...address } = target;
  const job = jobOf(bench, address);
  const { delivered: deliveredBefore } = await readFigures(url);
  const warm = await bench.load.run(warmJobOf(job));
  expectAccepted(warm, address.path);
  await untilDelivered(url, deliveredBefore + warm.accepted, drainMsMax);
  const { statements: statementsBefore } = await readFigures(url);
  const before = spentBy(bench, pid);
  const result = await bench.load.run(job);
  expectAccepted(result, address.path);
  await untilDelivered(url, deliveredBefore + warm.accepted + result.accepted, drainMsMax);
  const seconds = (nowUs() - result.startedUs) / 1e6;
  const statements = (await readFigures(url)).statements - statementsBefore;
  if (statements > 0) bench.say(`${(statements / result.accepted).toFixed(3)} statements per event`);
  // What the sink timed under this load is of no interest, and is not kept.
  await bench.sink.report();
  return {
    perSecond: result.accepted / seconds,
    ...costBetween(before, spentBy(bench, pid), result.accepted),
  };
};
