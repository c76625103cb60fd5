import { nowUs } from "../../harness/time.ts";
import { busySecondsOfMachine, usageOf } from "../process/usage.ts";
import type { Bench } from "./bench.ts";

/** What some events cost in processor time. Other work on the machine changes it far less than it changes rates. */
export type Cost = {
  /** Of all threads of what is measured, for each event. */
  readonly cpuUs: number;
  /** Of its event loop's thread. */
  readonly mainCpuUs: number;
  /** Of load generator and sink, which have to share the machine with it. */
  readonly benchCpuUs: number;
  /** Processors that were busy with what is none of the benchmark: above 0.1 or so rates are too low, and not alike. */
  readonly foreignProcessors: number;
};

/** What was spent until some moment, in seconds. NaN where the system does not tell. */
export type Spent = {
  readonly at: number;
  readonly own: number;
  readonly ownMain: number;
  readonly bench: number;
  readonly machine: number;
};

const cpuSecondsOf = (pid: number): number => usageOf(pid)?.cpuSeconds ?? Number.NaN;

const ownSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** What was spent until now by the process that is measured, by the benchmark, and by all. */
export const spentBy = ({ load, sink }: Bench, pid: number): Spent => ({
  at: nowUs() / 1e6,
  own: cpuSecondsOf(pid),
  ownMain: usageOf(pid)?.mainCpuSeconds ?? Number.NaN,
  bench: cpuSecondsOf(load.pid) + cpuSecondsOf(sink.pid),
  machine: (busySecondsOfMachine() ?? Number.NaN) - ownSeconds(),
});

/** What so many events cost between two moments. */
export const costBetween = (before: Spent, after: Spent, events: number): Cost => {
  const own = after.own - before.own;
  const bench = after.bench - before.bench;
  const foreign = after.machine - before.machine - own - bench;
  return {
    cpuUs: (own / events) * 1e6,
    mainCpuUs: ((after.ownMain - before.ownMain) / events) * 1e6,
    benchCpuUs: (bench / events) * 1e6,
    foreignProcessors: Math.max(0, foreign / (after.at - before.at)),
  };
};
