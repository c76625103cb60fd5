import { z } from "zod";

import { type Command, exitCode, parseArguments, UsageError } from "./_command.ts";
import { runOperation } from "./_operation.ts";

const dayMs = 24 * 60 * 60 * 1000;
const daysMax = 3_650;

const created = z.object({ key: z.string(), apiKey: z.object({ id: z.string(), scopes: z.array(z.string()) }) });

const readDays = (text: string): number => {
  const days = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (days < 1 || days > daysMax) {
    throw new UsageError(`--expires-in-days must be a whole number from 1 to ${daysMax}`);
  }
  return days;
};

const required = (value: string | undefined, option: string): string => {
  if (value === undefined) throw new UsageError(`${option} is missing`);
  return value;
};

/** Makes an API key, and prints nothing else to standard output: `KEY=$(postern keys create …)`. */
export const keysCreate: Command = {
  name: "keys create",
  usage: "--name NAME --scopes SCOPE[,SCOPE…] [--team TEAM] [--env ENVIRONMENT] [--expires-in-days DAYS]",
  summary: "makes an API key, and prints it alone",
  details:
    "Scopes: webhooks:read, webhooks:write (includes read), push:read, push:write (includes read), * (everything).\n" +
    "A team or environment that does not exist is made. Without --team: default. Without --env: the team's own default.\n" +
    "The key is shown this once; the gateway keeps only its hash.",
  run: async (args, context) => {
    const { values } = parseArguments({
      args: [...args],
      options: {
        name: { type: "string" },
        scopes: { type: "string" },
        team: { type: "string" },
        env: { type: "string" },
        "expires-in-days": { type: "string" },
      },
    });
    const days = values["expires-in-days"];
    const input = {
      name: required(values.name, "--name"),
      scopes: required(values.scopes, "--scopes")
        .split(",")
        .map((scope) => scope.trim())
        .filter((scope) => scope !== ""),
      team: values.team ?? null,
      env: values.env ?? null,
      expiresAtMs: days === undefined ? null : context.clock.nowMs() + readDays(days) * dayMs,
    };
    const { key, apiKey } = await runOperation(context, "keys.create", { input, result: created });
    context.out(key);
    context.err(`made key ${apiKey.id} with ${apiKey.scopes.join(", ")}; it is not shown again`);
    return exitCode.done;
  },
};
