import { z } from "zod";

import type { Children } from "../../harness/children.ts";
import { startLineClient } from "../process/line-client.ts";

/** The least that anything can do that answers 200 for what is verified and on disk. */
export type BareServer = { readonly pid: number; readonly port: number; stop(): Promise<void> };

const askMs = 10_000;

/** Starts it, with its journal at `path`. */
export const startBare = async (children: Children, path: string): Promise<BareServer> => {
  const client = startLineClient(children, "bare/main.ts");
  const { port } = await client.ask({ path }, z.object({ port: z.int() }), askMs);
  return { pid: client.pid, port, stop: client.stop };
};
