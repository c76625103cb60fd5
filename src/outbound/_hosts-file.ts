import { readFile, stat } from "node:fs/promises";

import type { Clock } from "../lib/clock.ts";
import { parseAddress, type Address } from "../lib/ip.ts";

/** The names that the machine's own `hosts` file gives addresses to. */
export type HostsFile = {
  /** The addresses of a name in lower case, or undefined when the file does not have it. */
  find(name: string): Promise<readonly Address[] | undefined>;
};

/** A larger file is a block list for browsers, not a list of hosts, and is left alone. */
const bytesMax = 4 * 1024 * 1024;
/** How long a change may go unseen. Container platforms rewrite the file while processes run. */
const checkEveryMs = 1_000;

const parseHosts = (text: string): Map<string, Address[]> => {
  const hosts = new Map<string, Address[]>();
  for (const line of text.split("\n")) {
    const [addressText = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const address = parseAddress(addressText);
    if (address === undefined) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      hosts.set(key, [...(hosts.get(key) ?? []), address]);
    }
  }
  return hosts;
};

/** Reads `path` at the first look-up, and again when it changed. A file that is absent or cannot be read is empty. */
export const createHostsFile = (path: string, clock: Pick<Clock, "monotonicMs">): HostsFile => {
  let hosts = new Map<string, Address[]>();
  let version = "";
  let checkedMs = Number.NEGATIVE_INFINITY;
  let checking: Promise<void> | undefined;

  const check = async (): Promise<void> => {
    try {
      const { mtimeMs, size, ino } = await stat(path);
      const present = `${mtimeMs} ${size} ${ino}`;
      if (present === version) return;
      hosts = parseHosts(size > bytesMax ? "" : await readFile(path, "utf8"));
      version = present;
    } catch {
      hosts.clear();
      version = "";
    }
  };

  return {
    async find(name) {
      if (checking === undefined && clock.monotonicMs() - checkedMs >= checkEveryMs) {
        checkedMs = clock.monotonicMs();
        checking = check().finally(() => {
          checking = undefined;
        });
      }
      await checking;
      return hosts.get(name);
    },
  };
};
