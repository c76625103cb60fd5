import { execFileSync } from "node:child_process";

import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openStand } from "../stand.ts";
import { observeOutage, type Recovery, recoveryFigures } from "./outage.ts";

const fullMs = { short: 1_200, long: 20_000 } as const;
const rounds = { short: 1, long: 3 } as const;
const ratePerSecond = 300;
const betweenRounds = 200;

/**
 * Makes every file of a process as large as it may be: a write to any of them fails (EFBIG, as ENOSPC would; Node ignores
 * SIGXFSZ), without root and without a file system of its own.
 */
const limitFiles = (pid: number, bytes: number | "unlimited"): void => {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);
};

/** A disk that takes nothing: ingest says so, what was acknowledged is kept and goes out, nobody starts anything again. */
export const diskFault: Fault = {
  name: "disk",
  title: "no byte can be written any more (RLIMIT_FSIZE), and then it can again",
  run: async (context) => {
    const stand = await openStand(context, { load: { ratePerSecond } });
    const { serve } = stand.gateway;
    const promises = createPromises();
    const recoveries: Recovery[] = [];
    for (let round = 0; round < rounds[context.scale]; round += 1) {
      await stand.load.until(stand.load.acknowledged.length + betweenRounds);
      const outage = {
        forMs: fullMs[context.scale],
        begin: () => limitFiles(serve.pid, 0),
        end: () => limitFiles(serve.pid, "unlimited"),
        isTotal: true,
      };
      const recovery = await observeOutage(stand, outage, promises);
      recoveries.push(recovery);
      context.say(`delivered again after ${Math.round(recovery.deliveredMs)} ms`);
    }
    const account = await stand.settle();
    keepAccount(promises, account);
    promises.keep("it is still the same process", serve.isRunning && serve === stand.gateway.serve);
    return {
      account,
      figures: [{ name: "full for", value: fullMs[context.scale] / 1000, unit: "s" }, ...recoveryFigures(recoveries)],
      broken: promises.broken,
    };
  },
};
