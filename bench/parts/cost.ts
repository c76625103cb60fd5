import { nowUs } from "../../harness/time.ts";
import { busySecondsOfMachine, type Usage, usageOf } from "../process/usage.ts";
import type { Bench } from "./bench.ts";

/** What some events cost in processor time. Other work on the machine changes it far less than it changes rates. */
export type Cost = {
  /** Of all threads of what is measured, for each event. */
  readonly cpuUs: number;
  /** Of their event loops' threads. */
  readonly mainCpuUs: number;
  /** Of the database server. 0 where the store is embedded. */
  readonly storeCpuUs: number;
  /** Of load generator and sink, which have to share the machine with them. */
  readonly benchCpuUs: number;
  /** Processors that were busy with what is none of the benchmark: above 0.1 or so rates are too low, and not alike. */
  readonly foreignProcessors: number;
};

/** What was spent until some moment, in seconds. NaN where the system does not tell. */
export type Spent = {
  readonly at: number;
  readonly own: number;
  readonly ownMain: number;
  readonly store: number;
  readonly bench: number;
  readonly machine: number;
};

const sumOver = (pids: readonly number[], secondsOf: (usage: Usage) => number): number =>
  pids.reduce((sum, pid) => {
    const usage = usageOf(pid);
    return sum + (usage === null ? Number.NaN : secondsOf(usage));
  }, 0);

const ownSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** What was spent until now by the processes that are measured, by their database, by the benchmark, and by all. */
export const spentBy = ({ load, sink, stores }: Bench, pids: readonly number[]): Spent => ({
  at: nowUs() / 1e6,
  own: sumOver(pids, ({ cpuSeconds }) => cpuSeconds),
  ownMain: sumOver(pids, ({ mainCpuSeconds }) => mainCpuSeconds),
  store: stores.cpuSeconds(),
  bench: sumOver([load.pid, sink.pid], ({ cpuSeconds }) => cpuSeconds),
  machine: (busySecondsOfMachine() ?? Number.NaN) - ownSeconds(),
});

/** What so many events cost between two moments. */
export const costBetween = (before: Spent, after: Spent, events: number): Cost => {
  const own = after.own - before.own;
  const bench = after.bench - before.bench;
  const store = after.store - before.store;
  const foreign = after.machine - before.machine - own - store - bench;
  return {
    cpuUs: (own / events) * 1e6,
    mainCpuUs: ((after.ownMain - before.ownMain) / events) * 1e6,
    storeCpuUs: (store / events) * 1e6,
    benchCpuUs: (bench / events) * 1e6,
    foreignProcessors: Math.max(0, foreign / (after.at - before.at)),
  };
};
