import { existsSync } from "node:fs";

import type { Config } from "../config.ts";
import { checkDatabase } from "./_check-database.ts";
import { checkClock, checkDirectory, checkDisk, checkNode } from "./_check-machine.ts";
import { checkEgress, checkPublicUrl } from "./_check-options.ts";
import { checkServer, checkStore } from "./_check-store.ts";
import { type Check, ok, orFail } from "./_check.ts";
import { type Command, type Context, exitCode, refuseArguments } from "./_command.ts";
import { readConfig } from "./_config.ts";

/** All that has to do with where events are kept: the database, or what is in `DATA_DIR`. */
const checkData = async (config: Config, nowMs: number): Promise<readonly Check[]> => {
  const { dataDir, databaseUrl } = config;
  if (databaseUrl !== null) return orFail("database", () => checkDatabase(databaseUrl, config));
  if (!existsSync(dataDir)) return [ok("DATA_DIR", `the first start makes ${dataDir}`), checkClock(nowMs, null)];
  const { inspectStore } = await import("../app/inspect.ts");
  const { controlAddress } = await import("../app/control.ts");
  return [
    ...(await orFail("DATA_DIR", () => checkDirectory(config))),
    ...(await orFail("disk", () => checkDisk(config))),
    ...(await orFail("store", async () => {
      const inspection = await inspectStore(config);
      return [
        ...(await orFail("gateway", () => checkServer(controlAddress(config), inspection.isLocked))),
        ...checkStore(inspection, config),
        checkClock(nowMs, inspection.store?.migratedAtMs ?? null),
      ];
    })),
  ];
};

const examine = async ({ env, clock }: Context): Promise<readonly Check[]> => [
  checkNode(process.versions.node),
  ...(await orFail("options", async () => {
    const config = readConfig(env);
    return [checkPublicUrl(config), checkEgress(config), ...(await checkData(config, clock.nowMs()))];
  })),
];

const marks: Readonly<Record<Check["level"], string>> = { ok: "ok  ", warn: "warn", fail: "FAIL" };

/**
 * Looks at options, directory, store, secrets and the running gateway, changes nothing, and says what to do. Exits with 1
 * when something is wrong; warnings are none of that.
 */
export const doctor: Command = {
  name: "doctor",
  usage: "",
  summary: "says what is wrong, and what to do; exits with 1 when something is",
  details: "Reads the whole store to see whether it is damaged: seconds for each gigabyte. Changes nothing.",
  run: async (args, context) => {
    refuseArguments(args);
    const checks = await examine(context);
    for (const { level, what, finding } of checks) context.out(`${marks[level]}  ${what}: ${finding}`);
    return checks.some(({ level }) => level === "fail") ? exitCode.failed : exitCode.done;
  },
};
