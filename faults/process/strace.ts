import { spawnSync } from "node:child_process";

/** What is watched or done to the system calls of a gateway, from outside. */
export type StraceWish = {
  /** System calls to write down. */
  readonly trace: readonly string[];
  /** What is done to them, in strace's words: `fsync:error=EIO:when=5`. */
  readonly inject?: string;
  readonly logPath: string;
};

/** Of what is read and written: enough to tell a request and an answer by their first lines. */
const shownBytes = 40;

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
export const straceWrapper = ({ trace, inject, logPath }: StraceWish): readonly string[] => {
  if (spawnSync("strace", ["-V"], { stdio: "ignore" }).status !== 0) throw new StraceMissingError();
  // Calls that are not traced do not stop the process (--seccomp-bpf).
  const options = `-D -f --seccomp-bpf -qq -y -s ${shownBytes}`.split(" ");
  const injected = inject === undefined ? [] : ["-e", `inject=${inject}`];
  return ["strace", ...options, "-o", logPath, "-e", `trace=${trace.join(",")}`, ...injected, "--"];
};
