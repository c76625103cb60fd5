import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";

/** How a process is started. `command`: arguments of this same Node. */
export type Start = {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio: StdioOptions;
  /** A program, and its arguments, that runs Node. Default: nothing stands between. */
  readonly wrapper?: readonly string[];
};

/** All processes of one run. None of them outlives it. */
export type Children = {
  /** @throws {Error} after `killAll`. */
  start(start: Start): ChildProcess;
  /** Kills whatever still runs, at once, and starts no more. */
  killAll(): void;
  /** Resolves when none runs any more. */
  untilGone(): Promise<void>;
};

/** Keeps track of processes, and kills them when this one ends. */
export const createChildren = (): Children => {
  const running = new Set<ChildProcess>();
  let isOver = false;
  const killAll = (): void => {
    isOver = true;
    process.off("exit", killAll);
    for (const child of running) child.kill("SIGKILL");
  };
  process.once("exit", killAll);
  return {
    start: ({ command, env = {}, stdio, wrapper = [] }) => {
      if (isOver) throw new Error("the run is over");
      const [program = process.execPath, ...rest] = [...wrapper, process.execPath, ...command];
      const child = spawn(program, rest, { stdio, env: { ...process.env, ...env } });
      running.add(child);
      child.once("exit", () => running.delete(child));
      return child;
    },
    killAll,
    untilGone: async () => {
      await Promise.all([...running].map((child) => once(child, "exit")));
    },
  };
};

/** Whether a process runs no longer. */
export const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** Waits until a process has ended, and kills it when it has not within `graceMs`. */
export const untilEnded = async (child: ChildProcess, graceMs: number): Promise<void> => {
  if (hasEnded(child)) return;
  const timer = setTimeout(() => child.kill("SIGKILL"), graceMs);
  await once(child, "exit");
  clearTimeout(timer);
};
