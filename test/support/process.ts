import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

import { onTestFinished } from "vitest";

import { http } from "./http.ts";

/** A gateway in a process of its own, as `npm start` runs it. */
export type GatewayProcess = {
  readonly url: string;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** Asks it to end, and gives its exit code. */
  terminate(): Promise<number | null>;
};

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
};

const isReady = async (url: string): Promise<boolean> => {
  try {
    return (await http(`${url}/readyz`)).status === 200;
  } catch {
    return false;
  }
};

const main = new URL("../../src/main.ts", import.meta.url).pathname;

/** Starts it and resolves once it is ready. It is killed when the test ends, if it still runs. */
export const startProcess = async (environment: Readonly<Record<string, string>>): Promise<GatewayProcess> => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, [main, "serve"], {
    env: {
      ...process.env,
      HOST: "127.0.0.1",
      PORT: String(port),
      EGRESS_ALLOW: "127.0.0.1",
      DISK_FREE_MIN_BYTES: "0",
      LOG_LEVEL: "error",
      ...environment,
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const gone = once(child, "exit");
  const end = async (signal: "SIGKILL" | "SIGTERM"): Promise<number | null> => {
    child.kill(signal);
    await gone;
    return child.exitCode;
  };
  onTestFinished(async () => {
    await end("SIGKILL");
  });
  while (!(await isReady(url))) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
  }
  return {
    url,
    kill: async () => {
      await end("SIGKILL");
    },
    terminate: () => end("SIGTERM"),
  };
};
