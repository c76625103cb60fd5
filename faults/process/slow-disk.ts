import { join } from "node:path";

import { http } from "../../harness/http.ts";
import { quantile } from "../../harness/statistics.ts";
import { pause } from "../../harness/time.ts";
import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openStand } from "../stand.ts";
import { straceWrapper } from "./strace.ts";

/** What each fsync takes longer. */
const delayMs = 50;
const lookEveryMs = 20;
const wanted = { short: 1_000, long: 5_000 } as const;

/** An event waits for the commit that runs and for its own; now and then a checkpoint's fsyncs come between. */
const acceptedMsMax = 10 * delayMs;

/** The event loop does not wait for the disk. */
const aliveMsMax = 4 * delayMs;

/** Asks whether it is alive until `isOver`, and gives the time that each answer took. */
const askAlive = async (url: string, isOver: () => boolean): Promise<readonly number[]> => {
  const timesMs: number[] = [];
  while (!isOver()) {
    const startedMs = performance.now();
    await http(`${url}/healthz`);
    timesMs.push(performance.now() - startedMs);
    await pause(lookEveryMs);
  }
  return timesMs;
};

/** A disk that takes long for each fsync: ingest is slower by that, and nothing else is. */
export const slowDiskFault: Fault = {
  name: "slow-disk",
  title: `each fsync takes ${delayMs} ms longer (strace)`,
  run: async (context) => {
    const wrapper = straceWrapper({
      trace: ["fsync", "fdatasync"],
      inject: `fsync,fdatasync:delay_enter=${delayMs * 1000}`,
      logPath: join(context.newDirectory("trace"), "calls.log"),
    });
    const stand = await openStand(context, { gateway: { wrapper }, load: { connections: 32 } });
    stand.strike();
    let isOver = false;
    const asked = askAlive(stand.gateway.url, () => isOver);
    await stand.load.until(wanted[context.scale]).finally(() => {
      isOver = true;
    });
    const aliveMs = quantile(await asked, 0.99);
    const account = await stand.settle();
    const latenciesMs = stand.load.acknowledged.map(({ sentMs, ackedMs }) => ackedMs - sentMs);
    const acceptedMs = quantile(latenciesMs, 0.99);
    const promises = createPromises();
    keepAccount(promises, account);
    promises.keep("nothing is refused", stand.load.refused.length === 0);
    promises.keep(
      `events are accepted within ${acceptedMsMax} ms (p99); it was ${Math.round(acceptedMs)} ms`,
      acceptedMs < acceptedMsMax,
    );
    promises.keep(
      `/healthz answers within ${aliveMsMax} ms (p99); it was ${Math.round(aliveMs)} ms`,
      aliveMs < aliveMsMax,
    );
    return {
      account,
      figures: [
        { name: "accepted, p50", value: quantile(latenciesMs, 0.5), unit: "ms" },
        { name: "accepted, p99", value: acceptedMs, unit: "ms" },
        { name: "alive, p99", value: aliveMs, unit: "ms" },
      ],
      broken: promises.broken,
    };
  },
};
