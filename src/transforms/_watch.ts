import { parentPort, workerData } from "node:worker_threads";

import { awaitTurn, condemnTurn, endSignals } from "./_watched.ts";
import { processMiBMax, runMsMax } from "./limits.ts";

/** Time that other programs take says nothing of an expression, and nothing in the language waits: only processor time counts. */
const usedMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

const usedMiB = (): number => process.memoryUsage.rss() / (1024 * 1024);

if (parentPort === null) throw new Error("this file is a thread of a process of the transforms");
parentPort.postMessage("ready");

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what it was started with
const cells = workerData as Int32Array;

/** The thread of expressions cannot look at itself: whatever takes too much keeps it busy. */
let seen = { turn: 0, fromMs: 0 };
for (;;) {
  const turn = awaitTurn(cells);
  if (turn === null) continue;
  if (turn !== seen.turn) seen = { turn, fromMs: usedMs() };
  if (usedMs() - seen.fromMs > runMsMax && condemnTurn(cells, turn)) process.kill(process.pid, endSignals.time);
  if (usedMiB() > processMiBMax && condemnTurn(cells, turn)) process.kill(process.pid, endSignals.memory);
}
