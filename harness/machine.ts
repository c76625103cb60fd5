import { availableParallelism, cpus, loadavg, release, totalmem, type } from "node:os";

/** Where figures come from: without it they mean nothing. */
export type Machine = {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Load of the last minute when the benchmark began: above 0.2 or so something else is running. */
  readonly loadBefore: number;
};

/** Looks at this machine. */
export const describeMachine = (): Machine => ({
  processor: cpus()[0]?.model.trim() ?? "unknown",
  processors: availableParallelism(),
  memoryGib: Math.round(totalmem() / 1024 ** 3),
  system: `${type()} ${release()}`,
  node: process.version,
  loadBefore: loadavg()[0] ?? 0,
});

/** The machine in one line. */
export const machineLine = ({ processor, processors, memoryGib, system, node, loadBefore }: Machine): string =>
  `${processors} × ${processor}, ${memoryGib} GiB, ${system}, Node ${node}, load before ${loadBefore.toFixed(2)}`;
