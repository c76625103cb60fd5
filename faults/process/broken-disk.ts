import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openStand } from "../stand.ts";
import { straceWrapper } from "./strace.ts";

const wanted = { short: 400, long: 20_000 } as const;
const failures = { short: 5, long: 100 } as const;

/** A thread's first fsyncs are those of its start; then every seventh one fails. */
const failing = "when=20+7";

const isFailure = (line: string): boolean => / = -1 EIO .*\(INJECTED\)/.test(line);

/** An fsync that fails: its commit is refused, the next one is not, and no process has to be started. */
export const brokenDiskFault: Fault = {
  name: "broken-disk",
  title: "every seventh fsync of a thread fails with EIO (strace)",
  run: async (context) => {
    const logPath = join(context.newDirectory("trace"), "calls.log");
    const calls = ["fsync", "fdatasync"] as const;
    const wrapper = straceWrapper({ trace: calls, inject: `${calls.join(",")}:error=EIO:${failing}`, logPath });
    const stand = await openStand(context, { gateway: { wrapper } });
    stand.strike();
    await stand.load.until(wanted[context.scale]);
    const account = await stand.settle();
    const failed = readFileSync(logPath, "utf8").split("\n").filter(isFailure).length;
    const refused = stand.load.refused.length;
    const promises = createPromises();
    keepAccount(promises, account);
    promises.keep(`at least ${failures[context.scale]} fsyncs fail; ${failed} did`, failed >= failures[context.scale]);
    promises.keep("an event whose fsync failed is refused, and so some are", refused > 0);
    promises.keep(
      "each refusal is a 503",
      stand.load.refused.every(({ status }) => status === 503),
    );
    promises.keep("it is still the same process", stand.gateway.serve.isRunning);
    return {
      account,
      figures: [
        { name: "fsyncs that failed", value: failed, unit: "" },
        { name: "events refused", value: refused, unit: "" },
      ],
      broken: promises.broken,
    };
  },
};
