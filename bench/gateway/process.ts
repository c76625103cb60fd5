import { mkdirSync } from "node:fs";

import { type Children, untilEnded } from "../../harness/children.ts";
import { startServe } from "../../harness/serve.ts";
import type { StoreEnvironment } from "./database.ts";

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
export type GatewayStart = {
  readonly directory: string;
  readonly profileDirectory: string | null;
  /** What tells it where its store is. Default: the directory does. */
  readonly store?: StoreEnvironment;
};

const stopMsMax = 20_000;

/** Starts a gateway and waits until it is ready. */
export const startGateway = async (
  children: Children,
  { directory, profileDirectory, store = {} }: GatewayStart,
): Promise<GatewayProcess> => {
  if (profileDirectory !== null) mkdirSync(profileDirectory, { recursive: true });
  const serve = await startServe(children, {
    directory,
    nodeArguments: profileDirectory === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDirectory}`],
    environment: { SHUTDOWN_SECONDS: "2", ...store },
  });
  const { pid, port, url, child } = serve;
  const readyMs = await serve.untilReady();
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await untilEnded(child, stopMsMax);
  };
  return { pid, port, url, directory, readyMs, stop };
};
