import { type Command, CommandError, type Context, exitCode, programName, UsageError } from "./_command.ts";
import { helpOf, helpOfAll, usageOf } from "./_help.ts";
import { keepAlive } from "./_keep-alive.ts";
import { commands } from "./commands.ts";

const helpFlags: ReadonlySet<string | undefined> = new Set(["help", "--help", "-h"]);

/** Finds the command that the arguments begin with, and what is left of them. */
const findCommand = (args: readonly string[]): { command: Command; rest: readonly string[] } => {
  for (const command of commands) {
    const words = command.name.split(" ");
    if (words.every((word, index) => args[index] === word)) return { command, rest: args.slice(words.length) };
  }
  const [first = ""] = args;
  const group = commands.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  throw new UsageError(group.length > 0 ? `it is one of: ${group.join(", ")}` : `there is no command "${first}"`);
};

const showHelp = (args: readonly string[], { out, env }: Context): number => {
  const program = programName(env);
  out(args.length === 0 ? helpOfAll(commands, program) : helpOf(findCommand(args).command, program));
  return exitCode.done;
};

const runCommand = async ({ command, rest }: ReturnType<typeof findCommand>, context: Context): Promise<number> => {
  if (rest.some((arg) => arg === "--help" || arg === "-h")) return showHelp(command.name.split(" "), context);
  try {
    return await command.run(rest, context);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    context.err(`${command.name}: ${error.message}`);
    context.err(usageOf(command, programName(context.env)));
    return exitCode.usage;
  }
};

/** Errors with a code are expected: their message says all. Of others, whoever mends them needs the stack. */
const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error instanceof CommandError || "code" in error ? error.message : (error.stack ?? error.message);
};

/** Runs the command that `args` name, and gives the exit code: 1 when it failed, 2 when the command line is wrong. */
export const run = async (args: readonly string[], context: Context): Promise<number> => {
  try {
    if (args.length === 0) {
      context.err(helpOfAll(commands, programName(context.env)));
      return exitCode.usage;
    }
    if (helpFlags.has(args[0])) return showHelp(args.slice(1), context);
    if (args[0] === "--version") {
      const { version } = await import("../app/version.ts");
      context.out(version);
      return exitCode.done;
    }
    const found = findCommand(args);
    return await keepAlive(() => runCommand(found, context));
  } catch (error) {
    if (error instanceof UsageError) {
      context.err(`${error.message}; "${programName(context.env)} help" shows all commands`);
      return exitCode.usage;
    }
    context.err(explain(error));
    return exitCode.failed;
  }
};
