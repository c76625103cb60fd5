import { spawnSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

import type { Fault } from "../fault.ts";
import { createPromises, keepAccount } from "../promises.ts";
import { openStand } from "../stand.ts";
import { observeOutage, type Recovery, recoveryFigures } from "./outage.ts";

const fullMs = { short: 1_500, long: 15_000 } as const;
const rounds = { short: 1, long: 3 } as const;
const ratePerSecond = 300;
const betweenRounds = 300;
const diskMib = 96;

/** Larger than most: what is left of the disk is soon used up. */
const bodyBytes = 8 * 1024;

/** This system lets nobody but root mount anything. */
export class NamespaceError extends Error {
  override readonly name = "NamespaceError";
  readonly code = "no_namespace";

  constructor() {
    super(
      "a small disk needs a user namespace, which this system refuses (unshare -rm): run `npm run faults` where it does not",
    );
  }
}

/**
 * Runs a gateway with a small file system of its own on `directory`, filled with what is there now: no root is needed for that in a
 * namespace. It is gone with the process. @throws {NamespaceError}
 */
const ownDiskWrapper = (directory: string, copy: string): readonly string[] => {
  if (spawnSync("unshare", ["-rm", "true"], { stdio: "ignore" }).status !== 0) throw new NamespaceError();
  const script =
    'directory=$0; copy=$1; shift; cp -a "$directory/." "$copy" && ' +
    `mount -t tmpfs -o size=${diskMib}m none "$directory" && cp -a "$copy/." "$directory" && exec "$@"`;
  return ["unshare", "-rm", "sh", "-c", script, directory, copy];
};

const chunk = Buffer.alloc(64 * 1024, 1);
const smallChunk = Buffer.alloc(4 * 1024, 1);

/** Fills a file system to its last block. */
const fill = (path: string): void => {
  const file = openSync(path, "w");
  for (const each of [chunk, smallChunk]) {
    try {
      for (;;) writeSync(file, each);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    }
  }
  closeSync(file);
};

/** A real full disk (ENOSPC): what lies in the log's old blocks can still be written, what needs a new block cannot. */
export const smallDiskFault: Fault = {
  name: "small-disk",
  title: "a file system of its own is filled to the last block, and emptied again",
  run: async (context) => {
    const stand = await openStand(context, { load: { ratePerSecond, bodyBytes } });
    const { gateway, load } = stand;
    await load.until(betweenRounds);
    await gateway.terminate();
    const { directory } = gateway;
    const wrapper = ownDiskWrapper(directory, context.newDirectory("copy"));
    await gateway.start({ wrapper, seenAt: (pid) => `/proc/${pid}/root${directory}` });
    const ballast = join(gateway.directory, "ballast");
    const promises = createPromises();
    const recoveries: Recovery[] = [];
    for (let round = 0; round < rounds[context.scale]; round += 1) {
      await load.until(load.acknowledged.length + betweenRounds);
      const outage = {
        forMs: fullMs[context.scale],
        begin: () => fill(ballast),
        end: () => rmSync(ballast),
        isTotal: false,
      };
      recoveries.push(await observeOutage(stand, outage, promises));
      context.say(`delivered again after ${Math.round(recoveries.at(-1)?.deliveredMs ?? 0)} ms`);
    }
    const account = await stand.settle();
    keepAccount(promises, account);
    return {
      account,
      figures: [{ name: "full for", value: fullMs[context.scale] / 1000, unit: "s" }, ...recoveryFigures(recoveries)],
      broken: promises.broken,
    };
  },
};
