import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";

/** How a process is started. `command`: arguments of this same Node. */
export type Start = {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
};

/** All processes of one benchmark. None of them outlives it. */
export type Children = {
  /** @throws {Error} after `killAll`. */
  start(start: Start): ChildProcess;
  /** Kills whatever still runs, at once, and starts no more. */
  killAll(): void;
};

/** Keeps track of processes, and kills them when this one ends. */
export const createChildren = (): Children => {
  const running = new Set<ChildProcess>();
  let isOver = false;
  const killAll = (): void => {
    isOver = true;
    for (const child of running) child.kill("SIGKILL");
  };
  process.once("exit", killAll);
  return {
    start: ({ command, env = {}, stdio }) => {
      if (isOver) throw new Error("the benchmark is over");
      const child = spawn(process.execPath, command, { stdio, env: { ...process.env, ...env } });
      running.add(child);
      child.once("exit", () => running.delete(child));
      return child;
    },
    killAll,
  };
};

/** Waits until a process has ended, and kills it when it has not within `graceMs`. */
export const untilEnded = async (child: ChildProcess, graceMs: number): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await once(child, "exit");
  clearTimeout(timer);
};
