import { once } from "node:events";
import { createInterface } from "node:readline";

import { z } from "zod";

import type { Children } from "../../../harness/children.ts";
import type { AbuseWish } from "./abuse.ts";

/** Connections that stand now, and how old one of them became at the most. */
export type Standing = { readonly standing: number; readonly oldestMs: number };

/** Senders that abuse an ingest URL, in a process of their own. */
export type Abusers = {
  ask(): Promise<Standing>;
  /** Ends all of them, at once. */
  kill(): Promise<void>;
};

const standing: z.ZodType<Standing> = z.object({ standing: z.int(), oldestMs: z.number() });
const program = new URL("main.ts", import.meta.url).pathname;

/** Starts them, and waits until all have been opened. */
export const startAbusers = async (
  children: Children,
  { port, path, wishes }: { port: number; path: string; wishes: readonly AbuseWish[] },
): Promise<Abusers> => {
  const child = children.start({
    command: [program, String(port), path, JSON.stringify(wishes)],
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("the abusers have no pipes");
  const lines = createInterface({ input: stdout });
  const next = async (): Promise<Standing> => {
    const [line] = z.tuple([z.string()]).parse(await once(lines, "line"));
    return standing.parse(JSON.parse(line));
  };
  await next();
  return {
    ask: () => {
      const told = next();
      stdin.write("?\n");
      return told;
    },
    kill: async () => {
      const gone = once(child, "exit");
      child.kill("SIGKILL");
      await gone;
    },
  };
};
