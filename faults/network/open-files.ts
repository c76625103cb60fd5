import { readdirSync } from "node:fs";

/** Files and sockets that a process has open. 0 where the system does not tell. */
export const openFilesOf = (pid: number): number => {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
};
