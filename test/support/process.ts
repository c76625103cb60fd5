import { onTestFinished } from "vitest";

import { createChildren } from "../../harness/children.ts";
import { http } from "../../harness/http.ts";
import { startServe } from "../../harness/serve.ts";
import { openControl } from "../../src/app/control.ts";
import { loadConfig } from "../../src/config.ts";

/** A gateway in a process of its own, as `npm start` runs it. */
export type GatewayProcess = {
  readonly url: string;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** Asks it to end, and gives its exit code. */
  terminate(): Promise<number | null>;
};

/** Starts it and resolves once it is ready. It is killed when the test ends, if it still runs. */
export const startProcess = async (
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> => {
  const children = createChildren();
  const serve = await startServe(children, { directory, environment });
  onTestFinished(async () => {
    children.killAll();
    await children.untilGone();
  });
  await serve.untilReady();
  return {
    url: serve.url,
    kill: async () => {
      await serve.end();
    },
    terminate: async () => (await serve.end("SIGTERM")).code,
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
