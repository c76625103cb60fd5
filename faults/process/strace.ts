import { spawnSync } from "node:child_process";

/** What is watched or done to the system calls of a gateway, from outside. */
export type StraceWish = {
  /** System calls to write down. */
  readonly trace: readonly string[];
  /** What is done to them, in strace's words: `fsync:error=EIO:when=5`. */
  readonly inject?: string;
  /** Only calls on this file. */
  readonly path?: string;
  readonly logPath: string;
};

/** strace is not on this machine. */
export class StraceMissingError extends Error {
  override readonly name = "StraceMissingError";
  readonly code = "strace_missing";

  constructor() {
    super(
      "strace is needed to see a process's fsyncs from outside, and is not on this machine: apt-get install strace",
    );
  }
}

/**
 * A wrapper that runs a gateway under strace. The process that is started is the gateway itself (`-D`): it takes the signals,
 * and its exit code is its own. @throws {StraceMissingError}
 */
export const straceWrapper = ({ trace, inject, path, logPath }: StraceWish): readonly string[] => {
  if (spawnSync("strace", ["-V"], { stdio: "ignore" }).status !== 0) throw new StraceMissingError();
  return [
    ...["strace", "-D", "-f", "-qq", "-y", "-s", "40", "-o", logPath],
    // Calls that are not traced do not stop.
    "--seccomp-bpf",
    ...["-e", `trace=${trace.join(",")}`],
    ...(path === undefined ? [] : ["-P", path]),
    ...(inject === undefined ? [] : ["-e", `inject=${inject}`]),
    "--",
  ];
};
