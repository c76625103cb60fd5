import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { onTestFinished } from "vitest";

import { serveControl } from "../../src/app/control.ts";
import { type Core, openCore } from "../../src/app/core.ts";
import type { Context } from "../../src/cli/_command.ts";
import { readConfig } from "../../src/cli/_config.ts";
import { run } from "../../src/cli/run.ts";
import { migrations } from "../../src/db/migrations.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { captureLog } from "../support/captured-log.ts";
import { freshDirectory } from "../support/store.ts";

/** The schema's version that this program makes. */
export const newestVersion: number = migrations.at(-1)!.version;

/** What a command said, and how it ended. */
export type Ended = { code: number | null; out: string; err: string };

/** A place to run commands in. */
export type Shell = {
  readonly dataDir: string;
  readonly env: Record<string, string>;
  /** Runs a command in this process. */
  postern(...args: string[]): Promise<Ended>;
  /** The operations of a running gateway, without its servers. It ends with the test. */
  startControl(): Promise<Core>;
};

/** A shell whose `DATA_DIR` does not exist yet. */
export const openShell = (options: { env?: Record<string, string>; clock?: Context["clock"] } = {}): Shell => {
  const env: Record<string, string> = {
    DATA_DIR: join(freshDirectory(), "data"),
    DISK_FREE_MIN_BYTES: "0",
    LOG_LEVEL: "silent",
    ...options.env,
  };
  return {
    dataDir: env["DATA_DIR"]!,
    env,
    postern: async (...args) => {
      const said = { out: "", err: "" };
      const code = await run(args, {
        env,
        clock: options.clock ?? systemClock,
        out: (line) => (said.out += `${line}\n`),
        err: (line) => (said.err += `${line}\n`),
        exit: () => {},
        onStopSignal: () => {},
      });
      return { code, ...said };
    },
    startControl: async () => {
      const config = readConfig(env);
      const core = await openCore(config, { processMetrics: false, logSink: captureLog() });
      const socket = await serveControl(core, config);
      onTestFinished(async () => {
        await socket?.close();
        await core.close();
      });
      return core;
    },
  };
};

const main = new URL("../../src/main.ts", import.meta.url).pathname;

/** A command in a process of its own. */
export type Running = {
  readonly said: { out: string; err: string };
  readonly ended: Promise<Ended>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when standard error has this in it. Rejects when the process ends before. */
  hears(text: string): Promise<void>;
};

/** Starts the real program. It is killed when the test ends, if it still runs. */
export const startProcess = (
  args: readonly string[],
  env: Record<string, string>,
  nodeArgs: string[] = [],
): Running => {
  const child = spawn(process.execPath, [...nodeArgs, main, ...args], { env: { PATH: process.env["PATH"], ...env } });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const ended = once(child, "close").then(([code]): Ended => ({ code: code as number | null, ...said }));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    said,
    ended,
    kill: (signal) => child.kill(signal),
    hears: async (text) => {
      while (!said.err.includes(text)) {
        const end = await Promise.race([ended, once(child.stderr, "data")]);
        if (!Array.isArray(end)) throw new Error(`it ended with ${end.code}: ${end.err}`);
      }
    },
  };
};
