import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { createServer } from "node:net";

import { type Children, untilEnded } from "../process/children.ts";
import { pause } from "../process/time.ts";

/** A gateway in a process of its own. */
export type GatewayProcess = {
  readonly pid: number;
  readonly port: number;
  readonly url: string;
  readonly directory: string;
  /** From its start to the first 200 of `/readyz`. */
  readonly readyMs: number;
  stop(): Promise<void>;
};

/** Where it keeps its store, and where it leaves profiles of its threads when it ends. Null: no profiles. */
export type GatewayStart = { readonly directory: string; readonly profileDirectory: string | null };

const mainScript = new URL("../../src/main.ts", import.meta.url).pathname;

const readyMsMax = 60_000;
const lookMs = 4;
const stopMsMax = 20_000;

/** What every command of a benchmark's gateway is told. */
export const environmentOf = (directory: string, port: number): Record<string, string> => ({
  DATA_DIR: directory,
  HOST: "127.0.0.1",
  PORT: String(port),
  EGRESS_ALLOW: "127.0.0.1",
  LOG_LEVEL: "error",
  LOG_FORMAT: "json",
  RATE_LIMIT_PER_MINUTE: "0",
  SHUTDOWN_SECONDS: "2",
  DISK_FREE_MIN_BYTES: "0",
});

/** A port that nobody listens on now. */
const freePort = async (): Promise<number> => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
};

const isReady = async (url: string): Promise<boolean> => {
  try {
    const response = await fetch(`${url}/readyz`);
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
};

const untilReady = async (child: ChildProcess, url: string): Promise<void> => {
  const deadlineMs = performance.now() + readyMsMax;
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode} before it was ready`);
    if (performance.now() > deadlineMs) throw new Error(`the gateway was not ready within ${readyMsMax} ms`);
    await pause(lookMs);
  }
};

/** Starts a gateway and waits until it is ready. */
export const startGateway = async (
  children: Children,
  { directory, profileDirectory }: GatewayStart,
): Promise<GatewayProcess> => {
  if (profileDirectory !== null) mkdirSync(profileDirectory, { recursive: true });
  const profiling = profileDirectory === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDirectory}`];
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const startedMs = performance.now();
  const child = children.start({
    command: [...profiling, mainScript, "serve"],
    env: environmentOf(directory, port),
    stdio: ["ignore", "ignore", "pipe"],
  });
  // The welcome of a first start is of no interest; what it says before it fails is.
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    if (text.includes('"level":"error"') || text.includes("Error")) process.stderr.write(text);
  });
  await untilReady(child, url);
  return {
    pid: child.pid ?? 0,
    port,
    url,
    directory,
    readyMs: performance.now() - startedMs,
    stop: async () => {
      child.kill("SIGTERM");
      await untilEnded(child, stopMsMax);
    },
  };
};

/** Makes an API key in the store of `directory`, whether a gateway runs on it or not. */
export const makeKey = async (children: Children, directory: string): Promise<string> => {
  const child = children.start({
    command: [mainScript, "keys", "create", "--name", "bench", "--scopes", "webhooks:write"],
    env: environmentOf(directory, 0),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = once(child, "exit");
  let text = "";
  for await (const chunk of child.stdout ?? []) text += String(chunk);
  await ended;
  if (child.exitCode !== 0) throw new Error(`"keys create" ended with ${child.exitCode}`);
  return text.trim();
};
