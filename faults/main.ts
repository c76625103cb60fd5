import { writeFileSync } from "node:fs";

import { describeMachine, machineLine } from "../harness/machine.ts";
import { runFault } from "./context.ts";
import type { Fault } from "./fault.ts";
import { type Options, OptionsError, readOptions, usage } from "./options.ts";
import { isKept, type Outcome, reportOf } from "./report.ts";

/** Whatever hangs, a fault does not. */
const faultMsMax = 20 * 60_000;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const runOne = async (fault: Fault, options: Options, stopped: AbortSignal): Promise<Outcome> => {
  const startedMs = performance.now();
  const run = {
    scale: options.scale,
    directory: options.directory ?? undefined,
    say,
    signal: AbortSignal.any([stopped, AbortSignal.timeout(faultMsMax)]),
  };
  say(`${fault.name}: ${fault.title}`);
  const { name, title } = fault;
  try {
    const result = await runFault(fault, run);
    return { fault: { name, title }, result, tookMs: performance.now() - startedMs };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { fault: { name, title }, failure, tookMs: performance.now() - startedMs };
  }
};

const run = async (options: Options): Promise<void> => {
  const machine = describeMachine();
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      say(`${signal}: what runs is killed`);
      stopping.abort();
    });
  }
  const outcomes: Outcome[] = [];
  for (const fault of options.faults) {
    if (!stopping.signal.aborted) outcomes.push(await runOne(fault, options, stopping.signal));
  }
  process.stdout.write(`\n${machineLine(machine)}\n\n${reportOf(outcomes)}\n`);
  if (options.jsonPath !== null) {
    writeFileSync(options.jsonPath, `${JSON.stringify({ machine, scale: options.scale, outcomes }, null, 2)}\n`);
  }
  if (!outcomes.every(isKept) || outcomes.length < options.faults.length) process.exitCode = 1;
};

try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) process.stdout.write(usage);
  else await run(options);
} catch (error) {
  const isMistake = error instanceof OptionsError || (error instanceof TypeError && "code" in error);
  say(isMistake ? `${error.message}\n\n${usage}` : String(error instanceof Error ? error.stack : error));
  process.exitCode = 1;
}
