import { resolve } from "node:path";

import { type Config, loadConfig } from "../config.ts";
import type { Environment } from "../lib/options.ts";
import { CommandError } from "./_command.ts";

/** Reads the options of the environment. @throws {CommandError} naming everything that is wrong with them. */
export const readConfig = (env: Environment): Config => {
  const loaded = loadConfig(env);
  if (!loaded.ok) throw new CommandError(loaded.problems.join("\n"));
  return { ...loaded.config, dataDir: resolve(loaded.config.dataDir) };
};
