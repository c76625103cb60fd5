import { mkdirSync } from "node:fs";

import { type Children, untilEnded } from "../../harness/children.ts";
import { startServe } from "../../harness/serve.ts";
import type { StorePlace } from "./stores.ts";

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

/** Where its store is, and where it leaves profiles of its threads when it ends. Null: no profiles. */
export type GatewayStart = {
  readonly place: StorePlace;
  readonly profileDirectory: string | null;
};

const stopMsMax = 20_000;

/** Starts a gateway and waits until it is ready. */
export const startGateway = async (
  children: Children,
  { place, profileDirectory }: GatewayStart,
): Promise<GatewayProcess> => {
  if (profileDirectory !== null) mkdirSync(profileDirectory, { recursive: true });
  const serve = await startServe(children, {
    directory: place.directory,
    nodeArguments: profileDirectory === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDirectory}`],
    environment: { SHUTDOWN_SECONDS: "2", ...place.environment },
  });
  const { pid, port, url, child } = serve;
  const readyMs = await serve.untilReady();
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await untilEnded(child, stopMsMax);
  };
  return { pid, port, url, directory: place.directory, readyMs, stop };
};
