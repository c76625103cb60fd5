import { nowUs } from "../../harness/time.ts";
import { readFigures, untilDelivered } from "../gateway/metrics.ts";
import type { GatewayProcess } from "../gateway/process.ts";
import type { LoadJob, LoadResult, Target } from "../load/job.ts";
import type { Bench } from "./bench.ts";
import { type Cost, costBetween, spentBy } from "./cost.ts";

/** How fast, and at what cost. */
export type Throughput = Cost & {
  readonly perSecond: number;
  /** For each event, as sent to a database server. 0 where there is none, or nobody counts them. */
  readonly statements: number;
  /** For each event, as the database server writes it. 0 where there is none. */
  readonly logBytes: number;
};

/** What is measured: processes on one store, and where requests to them go. */
export type Measured = {
  readonly gateways: readonly Pick<GatewayProcess, "pid" | "url">[];
  readonly targets: readonly Target[];
};

/** Seconds of load before anything is counted: the compiler has then seen the hot path. */
const warmSecondsMax = 4;

/** A backlog of one measurement is gone in less. */
const drainMsMax = 120_000;

const expectAccepted = ({ refused }: LoadResult): void => {
  const statuses = Object.entries(refused).map(([status, count]) => `${count} × ${status}`);
  if (statuses.length > 0) throw new Error(`not every request was accepted: ${statuses.join(", ")}`);
};

const jobOf = ({ options }: Bench, targets: readonly Target[]): LoadJob => ({
  targets,
  connections: options.connections,
  seconds: options.seconds,
  ratePerSecond: null,
});

const warmJobOf = (job: LoadJob): LoadJob => ({ ...job, seconds: Math.min(job.seconds, warmSecondsMax) });

/** What a server accepts when it is asked as fast as it answers. */
export const measureAccepted = async (bench: Bench, server: { pid: number } & Target): Promise<Throughput> => {
  const { pid, port, path } = server;
  const job = jobOf(bench, [{ port, path }]);
  expectAccepted(await bench.load.run(warmJobOf(job)));
  const logBytesBefore = await bench.stores.logBytes();
  const before = spentBy(bench, [pid]);
  const result = await bench.load.run(job);
  expectAccepted(result);
  return {
    perSecond: result.acceptedInTime / job.seconds,
    statements: 0,
    logBytes: ((await bench.stores.logBytes()) - logBytesBefore) / result.accepted,
    ...costBetween(before, spentBy(bench, [pid]), result.accepted),
  };
};

/** What gateways accept, deliver and record, until the last delivery of what they accepted is recorded. */
export const measureDelivered = async (bench: Bench, { gateways, targets }: Measured): Promise<Throughput> => {
  const urls = gateways.map(({ url }) => url);
  const pids = gateways.map(({ pid }) => pid);
  const job = jobOf(bench, targets);
  const { delivered: deliveredBefore } = await readFigures(urls);
  const warm = await bench.load.run(warmJobOf(job));
  expectAccepted(warm);
  await untilDelivered(urls, deliveredBefore + warm.accepted, drainMsMax);
  const { statements: statementsBefore } = await readFigures(urls);
  const logBytesBefore = await bench.stores.logBytes();
  const before = spentBy(bench, pids);
  const result = await bench.load.run(job);
  expectAccepted(result);
  await untilDelivered(urls, deliveredBefore + warm.accepted + result.accepted, drainMsMax);
  const seconds = (nowUs() - result.startedUs) / 1e6;
  const cost = costBetween(before, spentBy(bench, pids), result.accepted);
  const statements = ((await readFigures(urls)).statements - statementsBefore) / result.accepted;
  const logBytes = ((await bench.stores.logBytes()) - logBytesBefore) / result.accepted;
  // What the sink timed under this load is of no interest, and is not kept.
  await bench.sink.report();
  return { perSecond: result.accepted / seconds, statements, logBytes, ...cost };
};
