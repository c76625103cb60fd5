import { type ParseArgsConfig, parseArgs } from "node:util";

import type { Clock } from "../lib/clock.ts";
import type { Environment } from "../lib/options.ts";

/** How a command ended, as the shell sees it. */
export const exitCode = { done: 0, failed: 1, usage: 2 } as const;

/** What a command has of the world. */
export type Context = {
  readonly env: Environment;
  readonly clock: Clock;
  /** Results, for whatever reads standard output. A line break is added. */
  out(line: string): void;
  /** Everything that is said to people beside them. */
  err(line: string): void;
  /** Calls `listener` at each signal that asks the process to end. */
  onStopSignal(listener: (signal: "SIGINT" | "SIGTERM") => void): void;
  /** Ends the process at once. */
  exit(code: number): void;
};

/** One command. */
export type Command = {
  /** `keys create` */
  readonly name: string;
  /** Its arguments, as in a usage line; empty when it takes none. */
  readonly usage: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** What else help says of it. */
  readonly details?: string;
  /** Gives the exit code. @throws {UsageError} @throws {CommandError} */
  run(args: readonly string[], context: Context): Promise<number>;
};

/** The command line is wrong. The message says what it should be. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly code = "usage";
}

/** The command cannot do what it was asked. The message says why, and what to do. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly code = "command";
}

/** How one is to call this program again: in a checkout it is run by npm. */
export const programName = (env: Environment): string =>
  env["npm_lifecycle_event"] === undefined ? "postern" : "npm run -s postern --";

/** Node explains at length how to escape a dash; the first sentence is enough. */
const firstSentence = (message: string): string => message.replace(/\. .*$/s, "");

/** `parseArgs`, whose complaints are about the command line. @throws {UsageError} */
export const parseArguments = <Config extends ParseArgsConfig>(
  config: Config,
): ReturnType<typeof parseArgs<Config>> => {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? firstSentence(error.message) : String(error), { cause: error });
  }
};

/** For commands that take nothing. @throws {UsageError} */
export const refuseArguments = (args: readonly string[]): void => {
  parseArguments({ args: [...args], options: {}, allowPositionals: false });
};

/** The one thing that a command takes. @throws {UsageError} */
export const onlyArgument = (args: readonly string[], what: string): string => {
  const { positionals } = parseArguments({ args: [...args], options: {}, allowPositionals: true });
  const [only, ...more] = positionals;
  if (only === undefined || only === "") throw new UsageError(`${what} is missing`);
  if (more.length > 0) throw new UsageError(`only one ${what} can be given`);
  return only;
};
