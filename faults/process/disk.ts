import { execFileSync } from "node:child_process";

import { http } from "../../harness/http.ts";
import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import type { Refused } from "../load.ts";
import { createPromises, keepAccount, type Promises } from "../promises.ts";
import { openStand, type Stand } from "../stand.ts";

const fullMs = { short: 1_500, long: 20_000 } as const;
const rounds = { short: 1, long: 3 } as const;
const ratePerSecond = 300;
const betweenRounds = 300;

/** From the moment that there is space again: the longest wait between two tries to record is 10 s. */
const recoveredMsMax = 15_000;
const lookMs = 10;

/** What commits were under way when the limit came may still have been acknowledged. */
const graceMs = 250;

/**
 * Makes every file of a process as large as it may be: a write to any of them fails (EFBIG, as ENOSPC would; Node ignores
 * SIGXFSZ), without root and without a file system of its own.
 */
const limitFiles = (pid: number, bytes: number | "unlimited"): void => {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);
};

const statusOf = async (url: string): Promise<number> => (await http(url, { timeoutMs: 10_000 })).status;

const untilStatus = async (url: string, status: number): Promise<number> => {
  const startedMs = performance.now();
  while ((await statusOf(url)) !== status) {
    if (performance.now() - startedMs > recoveredMsMax) return Infinity;
    await pause(lookMs);
  }
  return performance.now() - startedMs;
};

const saysWhen = ({ status, head }: Refused): boolean => status === 503 && /\r\nretry-after: \d+/i.test(head);

/** Times from the moment that there was space again. */
type Recovery = { readonly acceptedMs: number; readonly deliveredMs: number };

const fillOnce = async (
  { gateway, load, receiver, strike }: Stand,
  forMs: number,
  promises: Promises,
): Promise<Recovery> => {
  await load.until(load.acknowledged.length + betweenRounds);
  strike();
  const fullAtMs = performance.now();
  limitFiles(gateway.serve.pid, 0);
  await pause(forMs);
  const ready = await statusOf(`${gateway.url}/readyz`);
  const alive = await statusOf(`${gateway.url}/healthz`);
  const freeAtMs = performance.now();
  limitFiles(gateway.serve.pid, "unlimited");

  const whileFull = load.refused.filter(({ atMs }) => atMs >= fullAtMs && atMs < freeAtMs);
  const acknowledged = load.acknowledged.filter(({ ackedMs }) => ackedMs > fullAtMs + graceMs && ackedMs < freeAtMs);
  promises.keep("while the disk is full, /readyz answers 503", ready === 503);
  promises.keep("while the disk is full, /healthz answers 200", alive === 200);
  promises.keep("while the disk is full, something is refused", whileFull.length > 0);
  promises.keep("each refusal is a 503 that says retry-after", whileFull.every(saysWhen));
  promises.keep(
    `while the disk is full, nothing is acknowledged; ${acknowledged.length} were`,
    acknowledged.length === 0,
  );

  const readyMs = await untilStatus(`${gateway.url}/readyz`, 200);
  promises.keep(`it is ready again within ${recoveredMsMax} ms of there being space`, readyMs < recoveredMsMax);
  const before = receiver.arrivals.length;
  await load.until(load.acknowledged.length + 1);
  const acceptedMs = (load.acknowledged.find(({ ackedMs }) => ackedMs > freeAtMs)?.ackedMs ?? Infinity) - freeAtMs;
  while (receiver.arrivals.length === before && performance.now() - freeAtMs < recoveredMsMax) await pause(lookMs);
  const deliveredMs = (receiver.arrivals.find(({ atMs }) => atMs > freeAtMs)?.atMs ?? Infinity) - freeAtMs;
  promises.keep(
    `it accepts and delivers again within ${recoveredMsMax} ms`,
    Math.max(acceptedMs, deliveredMs) < recoveredMsMax,
  );
  return { acceptedMs, deliveredMs };
};

/** A full disk: ingest says so, what was acknowledged is kept and goes out, and nobody has to start anything again. */
export const diskFault: Fault = {
  name: "disk",
  title: "no byte can be written any more (RLIMIT_FSIZE), and then it can again",
  run: async (context) => {
    const stand = await openStand(context, { load: { ratePerSecond } });
    const { pid } = stand.gateway.serve;
    const promises = createPromises();
    const recoveries: Recovery[] = [];
    for (let round = 0; round < rounds[context.scale]; round += 1) {
      const recovery = await fillOnce(stand, fullMs[context.scale], promises);
      recoveries.push(recovery);
      context.say(
        `accepted again after ${Math.round(recovery.acceptedMs)} ms, delivered after ${Math.round(recovery.deliveredMs)} ms`,
      );
    }
    const account = await stand.settle();
    keepAccount(promises, account);
    promises.keep("it is still the same process", stand.gateway.serve.isRunning && stand.gateway.serve.pid === pid);
    return {
      account,
      figures: [
        { name: "full for", value: fullMs[context.scale] / 1000, unit: "s" },
        {
          name: "space until accepted, longest",
          value: Math.max(...recoveries.map(({ acceptedMs }) => acceptedMs)),
          unit: "ms",
        },
        {
          name: "space until delivered, longest",
          value: Math.max(...recoveries.map(({ deliveredMs }) => deliveredMs)),
          unit: "ms",
        },
      ],
      broken: promises.broken,
    };
  },
};
