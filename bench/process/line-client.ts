import { once } from "node:events";
import { createInterface } from "node:readline";

import { z } from "zod";

import { type Children, untilEnded } from "../../harness/children.ts";

/** A process that does jobs, one at a time. */
export type LineClient = {
  readonly pid: number;
  /** @throws {Error} when the job fails, takes longer than `timeoutMs`, or the process ends. */
  ask<Answer>(job: object, answer: z.ZodType<Answer>, timeoutMs: number): Promise<Answer>;
  stop(): Promise<void>;
};

const said = z.union([
  z.object({ ok: z.literal(true), answer: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);

const endMs = 2_000;

/** Starts a script of the benchmark that answers lines. `script`: its path within `bench/`. */
export const startLineClient = (children: Children, script: string): LineClient => {
  const path = new URL(`../${script}`, import.meta.url).pathname;
  const child = children.start({ command: [path], stdio: ["pipe", "pipe", "inherit"] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error(`${script} has no pipes`);
  const lines = createInterface({ input: stdout });
  // A process that is gone is told of by its exit; what was still to be written to it does not matter.
  stdin.on("error", () => null);
  return {
    pid: child.pid ?? 0,
    ask: async (job, answer, timeoutMs) => {
      const over = new AbortController();
      const signal = AbortSignal.any([over.signal, AbortSignal.timeout(timeoutMs)]);
      const ended = once(child, "exit", { signal }).then(() => {
        throw new Error(`${script} ended before it answered`);
      });
      try {
        const line = once(lines, "line", { signal });
        stdin.write(`${JSON.stringify(job)}\n`);
        const [text] = z.tuple([z.string()]).parse(await Promise.race([line, ended]));
        const reply = said.parse(JSON.parse(text));
        if (!reply.ok) throw new Error(`${script}: ${reply.error}`);
        return answer.parse(reply.answer);
      } finally {
        over.abort();
        await ended.catch(() => null);
      }
    },
    stop: async () => {
      stdin.end();
      await untilEnded(child, endMs);
    },
  };
};
