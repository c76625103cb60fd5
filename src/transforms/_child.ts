import { Worker } from "node:worker_threads";

import { systemClock } from "../lib/clock.ts";
import { confine } from "./_confine.ts";
import { createEvaluator } from "./_evaluate.ts";
import type { Reply, Task } from "./_protocol.ts";
import { beginTurn, endTurn, lookEveryMs, makeCells } from "./_watched.ts";
import { processMiBMax } from "./limits.ts";

const send = (reply: Reply): void => {
  if (process.send === undefined) throw new Error("this file is a process of the transforms");
  process.send(reply);
};

const cells = makeCells();
const watch = new Worker(new URL(`./_watch${import.meta.url.slice(-3)}`, import.meta.url), { workerData: cells });

/** So much that the next expression might be blamed for it. Short ones cannot have taken it. */
const isSpent = (ranMs: number): boolean =>
  ranMs > lookEveryMs && process.memoryUsage.rss() > (processMiBMax / 2) * 1024 * 1024;

const evaluate = createEvaluator();
const answer = async (task: Task): Promise<void> => {
  const turn = beginTurn(cells);
  const fromMs = systemClock.monotonicMs();
  const reply = await evaluate(task);
  // Once nothing of it runs any more: the language leaves the other parts of an object or array running when one has failed.
  systemClock.soon(() => {
    if (!endTurn(cells, turn)) return;
    send(isSpent(systemClock.monotonicMs() - fromMs) ? { ...reply, isLast: true } : reply);
  });
};

// The gateway says when it is time. A terminal, or whoever starts services, tells it to all of its processes.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
process.once("disconnect", () => process.exit());
process.on("message", (task: Task) => void answer(task));
watch.once("message", () => {
  confine();
  send({ kind: "started" });
});
