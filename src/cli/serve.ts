import { join } from "node:path";

import type { App } from "../app.ts";
import type { Config } from "../config.ts";
import type { Timer } from "../lib/clock.ts";
import { parsePostgresPlace } from "../lib/postgres-url.ts";
import { type Command, type Context, exitCode, parseArguments, programName } from "./_command.ts";
import { readConfig } from "./_config.ts";
import { whileLocked } from "./_operation.ts";

/** What is left after `SHUTDOWN_SECONDS`: outcomes to write, the store to close. */
const closingMs = 5_000;

/** What a shell reports of a process that a signal ended. */
const signalExitCode = { SIGINT: 130, SIGTERM: 143 } as const;

/** Resolves at the first signal. The second one ends the process at once. */
const firstSignal = ({ onStopSignal, exit, err }: Context): Promise<string> => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let isStopping = false;
  onStopSignal((signal) => {
    if (isStopping) {
      err(`${signal} once more: ended at once`);
      exit(signalExitCode[signal]);
    }
    isStopping = true;
    resolve(signal);
  });
  return promise;
};

/** Where a database is, without who connects to it. */
const placeOf = (databaseUrl: string): string => {
  const { hosts, path } = parsePostgresPlace(databaseUrl);
  return `${hosts.map(({ name }) => name).join(",")}${path}`;
};

/** What someone who has just started it for the first time wants to know. No secret among it. */
const welcome = (
  { publicUrl, dataDir, databaseUrl, secretsKeys }: Config,
  { host, port }: App["address"],
  env: Context["env"],
): readonly string[] => [
  "",
  "This is the first start of Postern here.",
  "",
  `  listens on   ${host}:${port}, known as ${publicUrl} (HOST, PORT, PUBLIC_URL)`,
  databaseUrl === null
    ? `  store        ${join(dataDir, "postern.db")} (DATA_DIR)`
    : `  store        PostgreSQL, ${placeOf(databaseUrl)} (DATABASE_URL)`,
  secretsKeys === null
    ? `  secrets      sealed with ${join(dataDir, "secrets.key")}: keep a copy of it, nothing opens them without`
    : "  secrets      sealed with SECRETS_KEY: keep a copy of it, nothing opens them without",
  "",
  "Next:",
  `  1. make an API key:    ${programName(env)} keys create --name first --scopes webhooks:write`,
  `  2. invite the owner:   ${programName(env)} owner invite`,
  `  3. see what it can do: ${publicUrl}/docs`,
  `  4. before production:  ${programName(env)} doctor`,
  "",
];

const stopInTime = async (stop: () => Promise<void>, config: Config, { clock, err }: Context): Promise<number> => {
  const stopped = async (): Promise<number> => {
    try {
      await stop();
      return exitCode.done;
    } catch (error) {
      err(`did not end cleanly: ${error instanceof Error ? error.message : String(error)}`);
      return exitCode.failed;
    }
  };
  const late = Promise.withResolvers<number>();
  const timer: Timer = clock.after(config.shutdownMs + closingMs, () => {
    err("did not end within SHUTDOWN_SECONDS; what was under way is done again after the next start");
    late.resolve(exitCode.failed);
  });
  try {
    return await Promise.race([stopped(), late.promise]);
  } finally {
    timer.cancel();
  }
};

/**
 * Runs the gateway until SIGTERM or SIGINT, then gives what is under way `SHUTDOWN_SECONDS`. A second signal ends it at
 * once; nothing that was acknowledged is lost by that either.
 */
export const serve: Command = {
  name: "serve",
  usage: "[--role all|api|ingest|worker]",
  summary: "runs the gateway",
  run: async (args, context) => {
    const { role } = parseArguments({ args: [...args], options: { role: { type: "string" } } }).values;
    const config = readConfig(role === undefined ? context.env : { ...context.env, ROLE: role });
    const signal = firstSignal(context);
    const { createApp } = await import("../app.ts");
    const app = await whileLocked(context.clock, () => createApp(config));
    if (app.isFirstStart) for (const line of welcome(config, app.address, context.env)) context.err(line);
    const reason = await signal;
    const code = await stopInTime(() => app.stop(reason), config, context);
    // Whatever is left open, a library's idle socket say, does not hold up the end.
    context.exit(code);
    return code;
  },
};
