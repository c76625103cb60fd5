import { readFileSync } from "node:fs";

/** What is left of the open files is for what goes out, for names, and for the store. */
const share = 0.6;

/** Node has raised the soft limit to the hard one. */
const openFilesPattern = /^Max open files +(\d+)/m;

/**
 * How many connections a server may have at once, so that strangers who open more and more of them do not take what
 * deliveries need: those would fail, and be charged to their destinations. Null where the system does not tell.
 */
export const connectionsMax = (limitsFile = "/proc/self/limits"): number | null => {
  try {
    const openFiles = openFilesPattern.exec(readFileSync(limitsFile, "utf8"))?.[1];
    return openFiles === undefined ? null : Math.floor(Number(openFiles) * share);
  } catch {
    return null;
  }
};
