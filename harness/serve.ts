import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { type Children, hasEnded, type Start } from "./children.ts";
import { freePort } from "./free-port.ts";
import { http } from "./http.ts";
import { pause } from "./time.ts";

/** How a gateway is started. */
export type ServeStart = Pick<Start, "wrapper"> & {
  readonly directory: string;
  /** Default: one that is free. */
  readonly port?: number;
  /** Options as an operator sets them, over those that every gateway of a run has. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Arguments for Node itself. */
  readonly nodeArguments?: readonly string[];
  /** Whether messages can be sent to what it preloads. */
  readonly hasChannel?: boolean;
  /** Told every line that it logs. Default: what it says before it fails is shown. */
  readonly onLine?: (line: string) => void;
};

/** How a process ended. */
export type Ended = { readonly code: number | null; readonly signal: string | null };

/** A gateway in a process of its own, as `npm start` runs it. */
export type Serve = {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly directory: string;
  readonly isRunning: boolean;
  /** Resolves when it has ended, however that came. */
  readonly ended: Promise<Ended>;
  /** Waits for the first 200 of `/readyz`, and gives the time since its start. @throws {Error} when it ends before. */
  untilReady(): Promise<number>;
  /** Sends a signal, and waits for the end. Default: `SIGKILL`, as a power cut would end it. */
  end(signal?: NodeJS.Signals): Promise<Ended>;
};

/** The gateway's program. */
export const mainScript: string = new URL("../src/main.ts", import.meta.url).pathname;

const leash = new URL("leash.ts", import.meta.url).href;

const readyMsMax = 60_000;
const lookMs = 4;

/** What every command of a run's gateway is told. */
export const environmentOf = (directory: string, port: number): Record<string, string> => ({
  DATA_DIR: directory,
  HOST: "127.0.0.1",
  PORT: String(port),
  EGRESS_ALLOW: "127.0.0.1",
  LOG_LEVEL: "error",
  LOG_FORMAT: "json",
  RATE_LIMIT_PER_MINUTE: "0",
  DISK_FREE_MIN_BYTES: "0",
});

/** The welcome of a first start is of no interest. */
const showFailure = (line: string): void => {
  if (line.includes('"level":"error"') || line.includes("Error")) process.stderr.write(`${line}\n`);
};

const isReady = async (url: string): Promise<boolean> => {
  try {
    return (await http(`${url}/readyz`, { timeoutMs: readyMsMax })).status === 200;
  } catch {
    return false;
  }
};

const untilReady = async (child: ChildProcess, url: string, startedMs: number): Promise<number> => {
  while (!(await isReady(url))) {
    if (hasEnded(child)) throw new Error(`the gateway ended with ${child.exitCode ?? child.signalCode}`);
    if (performance.now() - startedMs > readyMsMax) throw new Error(`not ready within ${readyMsMax} ms`);
    await pause(lookMs);
  }
  return performance.now() - startedMs;
};

/** Starts a gateway, and does not wait for it. */
export const startServe = async (children: Children, start: ServeStart): Promise<Serve> => {
  const { directory, port = await freePort(), environment = {}, nodeArguments = [], wrapper = [] } = start;
  const url = `http://127.0.0.1:${port}`;
  const startedMs = performance.now();
  const child = children.start({
    wrapper,
    command: ["--import", leash, ...nodeArguments, mainScript, "serve"],
    env: { ...environmentOf(directory, port), ...environment },
    stdio: ["pipe", "ignore", "pipe", ...(start.hasChannel === true ? (["ipc"] as const) : [])],
  });
  const lines = child.stderr === null ? null : createInterface({ input: child.stderr });
  lines?.on("line", start.onLine ?? showFailure);
  child.stdin?.on("error", () => null);
  const ended = once(child, "exit").then(() => ({ code: child.exitCode, signal: child.signalCode }));
  return {
    child,
    pid: child.pid ?? 0,
    port,
    url,
    directory,
    get isRunning() {
      return !hasEnded(child);
    },
    ended,
    untilReady: () => untilReady(child, url, startedMs),
    end: async (signal = "SIGKILL") => {
      child.kill(signal);
      return ended;
    },
  };
};
