import { usageOf } from "../../bench/process/usage.ts";
import { pause } from "../../harness/time.ts";

const mebibyte = 1024 * 1024;

/** Memory of its own that a process holds. 0 where the system does not tell. */
export const memoryMib = (pid: number): number => (usageOf(pid)?.anonymousBytes ?? 0) / mebibyte;

const lookMs = 100;

/** Waits for `forMs`, and gives the most memory that the process held meanwhile. */
export const mostMemoryMib = async (pid: number, forMs: number): Promise<number> => {
  const endMs = performance.now() + forMs;
  let most = memoryMib(pid);
  while (performance.now() < endMs) {
    await pause(Math.min(lookMs, Math.max(0, endMs - performance.now())));
    most = Math.max(most, memoryMib(pid));
  }
  return most;
};
