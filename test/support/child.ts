import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { onTestFinished } from "vitest";

/** Another process that runs a script of the tests, and tells what it does line by line. */
export type Child = {
  /** The lines so far, whole ones only. */
  readonly lines: readonly string[];
  /** All lines, once there are at least `count`. Throws when the process ends before. */
  waitForLines(count: number): Promise<readonly string[]>;
  /** `kill -9`, at once. Resolves when it is gone and all that it said is read. */
  kill(): Promise<void>;
};

/** Starts `script`, a path relative to `test/`. It is killed when the test ends, if it still runs. */
export const startChild = (script: string, ...args: readonly string[]): Child => {
  const child = spawn(process.execPath, [new URL(`../${script}`, import.meta.url).pathname, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  let changed = Promise.withResolvers<void>();
  const change = (): void => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  let isOver = false;
  const closed = once(child, "close").then(() => {
    isOver = true;
    change();
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    change();
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await closed;
  };
  onTestFinished(kill);
  return {
    lines,
    async waitForLines(count) {
      while (lines.length < count) {
        if (isOver) throw new Error(`the process ended after ${lines.length} of ${count} lines`);
        await changed.promise;
      }
      return lines;
    },
    kill,
  };
};
