import { scryptSync } from "node:crypto";
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";

import type { HashReply, HashRequest } from "./hasher.ts";

/**
 * Behind everything else that the process does, but not for ever: about a tenth of a processor's time while all is busy. On Linux a
 * priority is a thread's own (setpriority(2), "C library/kernel differences"); elsewhere it would be the whole process's.
 */
const niceness = 10;

const port = parentPort;
if (port === null) throw new Error("this file is the thread that hashes passwords");

/** A sandbox may not let anybody change priorities: then it is as urgent as everything else. */
const yieldToOthers = (): void => {
  try {
    setPriority(0, niceness);
  } catch {
    // Signing in is worth more than that.
  }
};
if (process.platform === "linux") yieldToOthers();

const answer = ({ call, password, salt, cost: { N, r, p }, bytes }: HashRequest): HashReply => {
  try {
    return { call, key: scryptSync(password, salt, bytes, { N, r, p, maxmem: 256 * N * r }) };
  } catch (error) {
    return { call, failure: error instanceof Error ? error.message : String(error) };
  }
};

port.on("message", (message: HashRequest | "close") => {
  if (message === "close") port.close();
  else port.postMessage(answer(message));
});
