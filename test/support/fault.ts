import { onTestFinished } from "vitest";

import { runFault } from "../../faults/context.ts";
import type { Fault, FaultResult } from "../../faults/fault.ts";

/** Runs the short form of a fault. What it says is shown when its test fails. */
export const runShort = async (fault: Fault): Promise<FaultResult> => {
  const said: string[] = [];
  onTestFinished(({ task }) => {
    if (task.result?.state === "fail") process.stderr.write(`${said.join("\n")}\n`);
  });
  return runFault(fault, { scale: "short", say: (line) => said.push(line) });
};
