import { endSignals } from "./_watched.ts";
import { runMsMax, valuesMiBMax } from "./limits.ts";
import type { Transformed } from "./transform.ts";

/** How a process ended. Without either it could not be started. */
export type End = { readonly code: number | null; readonly signal: string | null };

/** What the processor ends a program by. */
const crashes: ReadonlySet<string> = new Set(["SIGSEGV", "SIGBUS", "SIGILL", "SIGTRAP", "SIGFPE"]);

/** V8 aborts when its heap is full. Where there are no signals, that is this code. */
const abortCode = 134;

/** What came of the expression that ran when a process ended. What is nobody's doing, or the operator's, says nothing of it. */
export const deathOf = ({ code, signal }: End): Transformed => {
  if (signal === endSignals.time) {
    return { kind: "failed", error: `the transform took more than ${runMsMax} ms of processor time` };
  }
  if (signal === endSignals.memory || signal === "SIGABRT" || code === abortCode) {
    return { kind: "failed", error: `the transform used more than ${valuesMiBMax} MiB of memory` };
  }
  if (code !== null || crashes.has(signal ?? "")) return { kind: "failed", error: "the process of the transform died" };
  return { kind: "unavailable", message: `the process of the transform was ended by ${signal ?? "somebody"}` };
};
