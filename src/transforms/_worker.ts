import { Worker } from "node:worker_threads";

import type { Clock, Timer } from "../lib/clock.ts";
import type { Reply, Task } from "./_protocol.ts";
import { runMsMax, startMsMax, threadLimits } from "./limits.ts";

type Answer = Exclude<Reply, { kind: "started" }>;

/** What came of a task, and how long it ran. To start the thread does not count. */
export type Done = { readonly answer: Answer; readonly ranMs: number };

/** One thread, which does one task at a time. It is made at its first task, and again after it was ended. */
export type TaskThread = {
  run(task: Task): Promise<Done>;
  close(): Promise<void>;
};

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;

const deathOf = (error: unknown): string =>
  codeOf(error) === "ERR_WORKER_OUT_OF_MEMORY"
    ? `the transform used more than ${threadLimits.maxOldGenerationSizeMb} MiB of memory`
    : "the thread of the transform died";

type Listeners = {
  readonly onReply: (from: Worker, reply: Reply) => void;
  readonly onDeath: (dead: Worker, error: unknown) => void;
};

const startWorker = ({ onReply, onDeath }: Listeners): Worker => {
  const worker = new Worker(new URL(`./_thread${import.meta.url.slice(-3)}`, import.meta.url), {
    resourceLimits: threadLimits,
    // An expression has no way to it; what is not there cannot be shown either.
    env: {},
  });
  worker.on("message", (reply: Reply) => onReply(worker, reply));
  worker.on("error", (error) => onDeath(worker, error));
  worker.once("exit", () => onDeath(worker, new Error("the thread ended")));
  return worker;
};

/** Makes a thread that ends, and is replaced, when a task takes more time or memory than it may. */
export const createTaskThread = (clock: Pick<Clock, "after" | "monotonicMs">): TaskThread => {
  let worker: Worker | null = null;
  let isStarted = false;
  let settle: ((done: Done) => void) | null = null;
  let ranFromMs = 0;
  let timer: Timer | null = null;

  const end = (answer: Answer): void => {
    timer?.cancel();
    worker?.unref();
    settle?.({ answer, ranMs: clock.monotonicMs() - ranFromMs });
    settle = null;
  };
  const drop = (dropped: Worker | null): void => {
    if (dropped === null || worker !== dropped) return;
    worker = null;
    isStarted = false;
    void dropped.terminate();
  };
  const limit = (ms: number, error: string): void => {
    timer?.cancel();
    timer = clock.after(ms, () => {
      drop(worker);
      end({ kind: "failed", error });
    });
  };
  const limitRun = (): void => {
    ranFromMs = clock.monotonicMs();
    limit(runMsMax, `the transform took more than ${runMsMax} ms`);
  };
  const onReply = (from: Worker, reply: Reply): void => {
    if (worker !== from) return;
    if (reply.kind !== "started") {
      end(reply);
      return;
    }
    isStarted = true;
    if (settle !== null) limitRun();
  };
  const onDeath = (dead: Worker, error: unknown): void => {
    if (worker !== dead) return;
    drop(dead);
    end({ kind: "failed", error: deathOf(error) });
  };

  return {
    run: (task) => {
      const { promise, resolve } = Promise.withResolvers<Done>();
      settle = resolve;
      ranFromMs = Number.POSITIVE_INFINITY;
      worker ??= startWorker({ onReply, onDeath });
      worker.ref();
      worker.postMessage(task);
      if (isStarted) limitRun();
      else limit(startMsMax, `the transform could not be started within ${startMsMax} ms`);
      return promise;
    },
    close: async () => {
      const closing = worker;
      worker = null;
      isStarted = false;
      end({ kind: "failed", error: "the gateway stopped" });
      await closing?.terminate();
    },
  };
};
