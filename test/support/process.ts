import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

import { onTestFinished } from "vitest";

import { openControl } from "../../src/app/control.ts";
import { loadConfig } from "../../src/config.ts";
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

/** Makes a key that may do everything, in a directory that no process has opened. */
export const makeKey = async (directory: string): Promise<string> => {
  const loaded = loadConfig({ DATA_DIR: directory, LOG_LEVEL: "silent" });
  if (!loaded.ok) throw new Error(loaded.problems.join());
  const { control, close } = await openControl(loaded.config);
  const input = { name: "test", scopes: ["*"], team: null, env: null, expiresAtMs: null };
  const answer = await control.run("keys.create", input);
  await close();
  if (!answer.ok) throw new Error(answer.message);
  const made: { key: string } = answer.result as never;
  return made.key;
};

/** Makes something through the management API. */
export const call = async (url: string, key: string, path: string, body: object): Promise<Record<string, string>> => {
  const answer = await http(`${url}/api/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (answer.status !== 201) throw new Error(answer.body.toString());
  const made: { data: Record<string, string> } = JSON.parse(answer.body.toString());
  return made.data;
};
