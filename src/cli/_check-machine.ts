import { constants } from "node:fs";
import { access, readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

import type { Config } from "../config.ts";
import { type Check, fail, ok, warn } from "./_check.ts";

/** The release that runs TypeScript as it stands, and has all of `node:sqlite` that is used. */
const nodeMin = [24, 12] as const;

/** When this check was written: no honest clock is before it. */
const clockMsMin = Date.UTC(2026, 0, 1);

/** Clocks of one machine differ by seconds, not by hours. */
const clockSlackMs = 60 * 60 * 1000;

const forOthers = 0o077;

export const checkNode = (version: string): Check => {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1]);
  return isOld
    ? fail("Node", `${version} is older than ${nodeMin.join(".")}; install a newer one`)
    : ok("Node", version);
};

/** Whether the wall clock can be right, as far as the store knows. */
export const checkClock = (nowMs: number, migratedAtMs: number | null): Check => {
  const shown = new Date(nowMs).toISOString();
  if (nowMs < clockMsMin) return fail("clock", `${shown} has long passed; set the clock: signatures carry times`);
  if (migratedAtMs !== null && nowMs < migratedAtMs - clockSlackMs) {
    return fail(
      "clock",
      `${shown} is before ${new Date(migratedAtMs).toISOString()}, when the store was made; set the clock`,
    );
  }
  return ok("clock", shown);
};

const mebibyte = 1024 * 1024;

/** Whether there is room for more events. */
export const checkDisk = async ({ dataDir, diskFreeBytesMin }: Config): Promise<readonly Check[]> => {
  const { bavail, bsize } = await statfs(dataDir);
  const freeBytes = bavail * bsize;
  const free = `${Math.floor(freeBytes / mebibyte)} MiB free`;
  const least = `DISK_FREE_MIN_BYTES is ${Math.floor(diskFreeBytesMin / mebibyte)} MiB`;
  if (freeBytes < diskFreeBytesMin) return [fail("disk", `${free}, and ${least}: events are refused; make room`)];
  if (freeBytes < 2 * diskFreeBytesMin) return [warn("disk", `${free}, and ${least}: make room soon`)];
  return [ok("disk", free)];
};

const ownersOf = async (directory: string): Promise<Map<string, number>> => {
  const names = await readdir(directory);
  return new Map(
    await Promise.all(names.map(async (name) => [name, (await stat(join(directory, name))).uid] as const)),
  );
};

/** Whether `DATA_DIR` is there, its owner's alone, and all of it the same owner's. */
export const checkDirectory = async ({ dataDir }: Pick<Config, "dataDir">): Promise<readonly Check[]> => {
  const what = "DATA_DIR";
  const { mode, uid } = await stat(dataDir);
  await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  const strangers = [...(await ownersOf(dataDir))].filter(([, owner]) => owner !== uid).map(([name]) => name);
  const checks: Check[] = [];
  if ((mode & forOthers) !== 0) checks.push(warn(what, `others can look into ${dataDir}; run: chmod 700 ${dataDir}`));
  if (strangers.length > 0) {
    checks.push(
      fail(what, `${strangers.join(", ")} in ${dataDir} has another owner than it; run: chown -R ${uid} ${dataDir}`),
    );
  }
  return checks.length > 0 ? checks : [ok(what, dataDir)];
};
