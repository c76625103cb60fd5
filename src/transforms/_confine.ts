import { languagesMiB, stackKiB, valuesMiBMax } from "./limits.ts";

/**
 * What Node is started with to run expressions. It has no right to start programs, to write files or, from Node 25 on, to use
 * the network.
 */
export const confinedFlags: readonly string[] = [
  "--permission",
  "--allow-fs-read=*",
  "--allow-worker",
  `--max-old-space-size=${valuesMiBMax + languagesMiB}`,
  "--max-semi-space-size=4",
  `--stack-size=${stackKiB}`,
  // Garbage of offenders is not collected on all cores.
  "--v8-pool-size=1",
];

/**
 * Gives up, once all is loaded, what rights there are left: to read files and to start threads. An expression has no way to
 * any of them, unless the language has a hole.
 */
export const confine = (): void => {
  // Node 24 has no `drop`, and cannot take rights back.
  for (const scope of ["fs", "worker"]) process.permission.drop?.(scope);
};
