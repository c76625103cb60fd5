import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

import type { Clock, Timer } from "../lib/clock.ts";
import { confinedFlags } from "./_confine.ts";
import { deathOf, type End } from "./_death.ts";
import type { Reply, Task } from "./_protocol.ts";
import { answerMsMax, startMsMax } from "./limits.ts";
import type { Transformed } from "./transform.ts";

/** What came of a task, and how long it ran: without end if the process has to be replaced for it. To start it does not count. */
export type Done = { readonly answer: Transformed; readonly ranMs: number };

/** One process, which does one task at a time. It is started at its first task, and again after it was ended. */
export type TaskProcess = {
  run(task: Task): Promise<Done>;
  close(): Promise<void>;
};

const unavailable = (message: string): Done => ({ answer: { kind: "unavailable", message }, ranMs: 0 });

const notStarted = unavailable("the process of the transform could not be started");

const noAnswer = unavailable(`the process of the transform gave no answer within ${answerMsMax} ms`);

type Listeners = {
  readonly onReply: (from: ChildProcess, reply: Reply) => void;
  readonly onDeath: (dead: ChildProcess, end: End) => void;
};

const startChild = ({ onReply, onDeath }: Listeners): ChildProcess => {
  const file = new URL(`./_child${import.meta.url.slice(-3)}`, import.meta.url);
  const child = fork(fileURLToPath(file), {
    execArgv: [...confinedFlags],
    // What is not there cannot be shown.
    env: {},
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.on("message", (reply: Reply) => onReply(child, reply));
  child.on("error", () => onDeath(child, { code: null, signal: null }));
  child.once("exit", (code, signal) => onDeath(child, { code, signal }));
  return child;
};

/** Ends a process, whatever it is doing, and waits until it is gone. */
const kill = async (child: ChildProcess): Promise<void> => {
  child.kill("SIGKILL");
  const isGone = child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  if (isGone) return;
  child.ref();
  await new Promise((resolve) => {
    child.once("exit", resolve);
  });
};

/** Makes a process that ends, and is replaced, when a task takes more time or memory than it may. */
export const createTaskProcess = (clock: Pick<Clock, "after" | "monotonicMs">): TaskProcess => {
  let child: ChildProcess | null = null;
  let isStarted = false;
  let current: { readonly task: Task; readonly resolve: (done: Done) => void } | null = null;
  let ranFromMs = 0;
  let timer: Timer | null = null;

  const end = (done: Done): void => {
    timer?.cancel();
    child?.unref();
    child?.channel?.unref();
    current?.resolve(done);
    current = null;
  };
  const drop = async (): Promise<void> => {
    const dropped = child;
    child = null;
    isStarted = false;
    if (dropped !== null) await kill(dropped);
  };
  const limit = (ms: number, done: Done): void => {
    timer?.cancel();
    timer = clock.after(ms, () => {
      void drop();
      end(done);
    });
  };
  const begin = (to: ChildProcess): void => {
    isStarted = true;
    if (current === null) return;
    ranFromMs = clock.monotonicMs();
    limit(answerMsMax, noAnswer);
    // Whoever is dead says so by itself.
    to.send(current.task, () => undefined);
  };
  const onReply = (from: ChildProcess, reply: Reply): void => {
    if (child !== from) return;
    if (reply.kind === "started") return begin(from);
    const { isLast, ...answer } = reply;
    if (isLast === true) void drop();
    end({ answer, ranMs: isLast === true ? Number.POSITIVE_INFINITY : clock.monotonicMs() - ranFromMs });
  };
  const onDeath = (dead: ChildProcess, how: End): void => {
    if (child !== dead) return;
    const done = isStarted ? { answer: deathOf(how), ranMs: Number.POSITIVE_INFINITY } : notStarted;
    void drop();
    end(done);
  };
  const run = (task: Task): Promise<Done> => {
    const { promise, resolve } = Promise.withResolvers<Done>();
    current = { task, resolve };
    try {
      child ??= startChild({ onReply, onDeath });
      child.ref();
      child.channel?.ref();
      if (isStarted) begin(child);
      else limit(startMsMax, notStarted);
    } catch {
      // There is no memory for another process, say.
      end(notStarted);
    }
    return promise;
  };
  const close = async (): Promise<void> => {
    const closing = drop();
    end(unavailable("the gateway stops"));
    await closing;
  };
  return { run, close };
};
